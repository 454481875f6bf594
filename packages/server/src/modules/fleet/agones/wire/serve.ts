import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../../../platform/clock.ts'
import type { Log } from '../../../../platform/log.ts'
import type { SdkCalls } from '../sdk.ts'
import { grpcEdge, loadSdkServices, type SdkServices } from './grpc.ts'
import { restEdge } from './rest.ts'

/** A server’s SDK, answered on a port of loopback. */
export interface SdkPort {
  close(): Promise<void>
}

export interface SdkPortRequest {
  clock: Clock
  port: number
  calls: SdkCalls
  log: Log
  /** Whether who is at the other end of a connection, at this port of loopback, may speak for the server. */
  admits(remotePort: number): Promise<boolean>
}

export const sdkHost = '127.0.0.1'
const connectionsMax = 32
const firstWordMs = 10_000
/** How every connection of HTTP/2 begins, and no other. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const tellingBytes = 3

/** Both protocols on one port: what a connection says first tells them apart. */
export function createServing(): (request: SdkPortRequest) => Promise<SdkPort | { problem: string }> {
  const services = loadSdkServices()
  return (request) => serveSdk(services, request)
}

async function serveSdk(
  services: SdkServices,
  { clock, port, calls, log, admits }: SdkPortRequest,
): Promise<SdkPort | { problem: string }> {
  const onFault = (error: unknown) => log.error({ err: error }, 'a server’s SDK call failed')
  const grpc = grpcEdge(services, calls, onFault)
  const rest = restEdge(clock, calls, onFault)
  const sockets = new Set<Socket>()

  function hand(socket: Socket, onWord: () => void): void {
    let said = Buffer.alloc(0)
    const hear = (part: Buffer) => {
      said = Buffer.concat([said, part])
      if (said.length < tellingBytes) return
      socket.off('data', hear)
      onWord()
      socket.pause()
      socket.unshift(said)
      if (said.subarray(0, tellingBytes).equals(preface.subarray(0, tellingBytes))) {
        // A session of HTTP/2 takes what was read already by itself.
        grpc.take(socket)
      } else {
        rest.take(socket)
        socket.resume()
      }
    }
    socket.on('data', hear)
  }

  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const cancel = clock.after(firstWordMs, () => socket.destroy())
    socket.once('close', cancel)
    admits(socket.remotePort ?? 0).then(
      (isAdmitted) => {
        if (isAdmitted) {
          hand(socket, cancel)
          socket.resume()
          return
        }
        log.warn({ port }, 'a process that is not the game server’s own asked for its SDK, and was refused')
        socket.destroy()
      },
      (error: unknown) => {
        onFault(error)
        socket.destroy()
      },
    )
  })
  server.maxConnections = connectionsMax

  const problem = await listening(server, port)
  if (problem !== null) {
    grpc.close()
    return { problem }
  }
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      grpc.close()
      rest.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const listening = (server: Server, port: number) =>
  new Promise<string | null>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host: sdkHost, port, exclusive: true }, () => resolve(null))
  })
