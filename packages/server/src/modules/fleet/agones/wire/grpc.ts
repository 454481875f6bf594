import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  type handleUnaryCall,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { SdkCalls, ShownServer } from '../sdk.ts'
import { refusalOf, sdkCodes } from '../sdk-refusal.ts'
import { gameServerMessage, type Message } from './messages.ts'
import { countMethods, type Method, playerMethods, sdkMethods } from './methods.ts'

/** What speaks gRPC on connections that somebody else accepts. */
export interface GrpcEdge {
  take(socket: Socket): void
  close(): void
}

const messageBytesMax = 262_144
const streamsMax = 64

/** The proto files stand beside what is built, as beside the source. */
const protoFolder = fileURLToPath(new URL('../../../../../proto/agones/', import.meta.url))

interface Services {
  agones: {
    dev: {
      sdk: {
        SDK: ServiceClientConstructor
        alpha: { SDK: ServiceClientConstructor }
        beta: { SDK: ServiceClientConstructor }
      }
    }
  }
}

export function loadSdkServices() {
  const options = { keepCase: true, longs: String, defaults: true }
  const loaded = loadSync(['sdk.proto', 'alpha.proto', 'beta.proto'], { ...options, includeDirs: [protoFolder] })
  const { sdk } = (loadPackageDefinition(loaded) as unknown as Services).agones.dev
  return { sdk: sdk.SDK.service, alpha: sdk.alpha.SDK.service, beta: sdk.beta.SDK.service }
}
export type SdkServices = ReturnType<typeof loadSdkServices>

const refused = (error: unknown, onFault: (error: unknown) => void) => {
  const { code, message } = refusalOf(error, onFault)
  return { code: sdkCodes[code].code, details: message }
}

export function grpcEdge(services: SdkServices, calls: SdkCalls, onFault: (error: unknown) => void): GrpcEdge {
  const server = new Server({
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_concurrent_streams': streamsMax,
    'grpc.enable_channelz': 0,
  })
  const once =
    (method: Method): handleUnaryCall<Message, Message> =>
    (call, answer) => {
      Promise.resolve()
        .then(() => method(calls, call.request))
        .then(
          (message) => answer(null, message),
          (error: unknown) => answer(refused(error, onFault)),
        )
    }
  const all = (methods: Readonly<Record<string, Method>>): UntypedServiceImplementation =>
    Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, once(method)]))

  function health(stream: ServerReadableStream<Message, Message>, answer: sendUnaryData<Message>): void {
    stream.on('data', calls.health)
    stream.on('end', () => answer(null, {}))
    // What is no ping ends the stream by itself.
    stream.on('error', () => undefined)
  }

  /** Whoever reads slowly is told the newest, once there is room: what lay between is not news any more. */
  function watch(stream: ServerWritableStream<Message, Message>): void {
    let isFull = false
    let newest: ShownServer | null = null
    const write = (server: ShownServer) => {
      if (isFull) newest = server
      else isFull = !stream.write(gameServerMessage(server))
    }
    stream.on('drain', () => {
      isFull = false
      const late = newest
      newest = null
      if (late !== null) write(late)
    })
    try {
      const unwatch = calls.watch(write)
      stream.on('cancelled', () => {
        unwatch()
        stream.end()
      })
      stream.on('error', unwatch)
    } catch (error) {
      stream.emit('error', refused(error, onFault))
    }
  }

  server.addService(services.sdk, { ...all(sdkMethods), Health: health, WatchGameServer: watch })
  server.addService(services.beta, all(countMethods))
  server.addService(services.alpha, all({ ...countMethods, ...playerMethods }))
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  return {
    take: (socket) => injector.injectConnection(socket),
    close: () => {
      injector.destroy()
      server.forceShutdown()
    },
  }
}
