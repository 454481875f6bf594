import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/** Whether a server could listen here now, over TCP and over UDP; else what stands in the way. */
export async function portProblem(host: string, port: number): Promise<string | null> {
  return (await tcpProblem(host, port)) ?? (await udpProblem(host, port))
}

const worded = (protocol: string, error: NodeJS.ErrnoException) => `${protocol}: ${error.code ?? error.message}`

const tcpProblem = (host: string, port: number) =>
  new Promise<string | null>((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(worded('TCP', error)))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })

const udpProblem = (host: string, port: number) =>
  new Promise<string | null>((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.once('error', (error) => {
      socket.close()
      resolve(worded('UDP', error))
    })
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(null)))
  })
