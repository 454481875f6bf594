import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Cancel, Clock } from '../../../../platform/clock.ts'
import { isLoopback } from '../../../../platform/outbound.ts'
import type { SdkCalls, ShownServer } from '../sdk.ts'
import { refusalOf, SdkRefusal, sdkCodes } from '../sdk-refusal.ts'
import { gameServerMessage, isMessage, type Message, withoutDefaults } from './messages.ts'
import { countMethods, type Method, playerMethods, sdkMethods } from './methods.ts'

/** What speaks the gateway’s HTTP on connections that somebody else accepts. */
export interface RestEdge {
  take(socket: Socket): void
  close(): void
}

const bodyBytesMax = 262_144
/** For a whole request, and until the next one. */
const requestMs = 10_000
const idleMs = 65_000

interface RestRoute {
  verb: string
  path: RegExp
  method: Method
  /** What the method is given, from the body and what the path holds. */
  request(body: Message, name: string, mask: string | null): Message
}

const bodyAlone = (body: Message) => body
const named = (body: Message, name: string) => ({ ...body, name })

/** PATCH without a mask changes what stands in the body. */
const listUpdate = (body: Message, name: string, mask: string | null): Message => ({
  list: { ...body, name },
  update_mask: { paths: mask === null ? Object.keys(body).filter((field) => field !== 'name') : mask.split(',') },
})

const countRoutes = (root: string): RestRoute[] => {
  const name = '([^/:]{1,128})'
  const at = (kind: string, verb = '') => new RegExp(`^/${root}/${kind}/${name}${verb}$`)
  return [
    { verb: 'GET', path: at('counters'), method: countMethods.GetCounter, request: named },
    {
      ...{ verb: 'PATCH', path: at('counters'), method: countMethods.UpdateCounter },
      request: (body, own) => ({ counterUpdateRequest: { ...body, name: own } }),
    },
    { verb: 'GET', path: at('lists'), method: countMethods.GetList, request: named },
    { verb: 'PATCH', path: at('lists'), method: countMethods.UpdateList, request: listUpdate },
    { verb: 'POST', path: at('lists', ':addValue'), method: countMethods.AddListValue, request: named },
    { verb: 'POST', path: at('lists', ':removeValue'), method: countMethods.RemoveListValue, request: named },
  ]
}

const health: Method = (calls) => {
  calls.health()
  return {}
}

const routes: readonly RestRoute[] = [
  { verb: 'POST', path: /^\/ready$/, method: sdkMethods.Ready, request: bodyAlone },
  { verb: 'POST', path: /^\/allocate$/, method: sdkMethods.Allocate, request: bodyAlone },
  { verb: 'POST', path: /^\/shutdown$/, method: sdkMethods.Shutdown, request: bodyAlone },
  { verb: 'POST', path: /^\/reserve$/, method: sdkMethods.Reserve, request: bodyAlone },
  { verb: 'POST', path: /^\/health$/, method: health, request: bodyAlone },
  { verb: 'GET', path: /^\/gameserver$/, method: sdkMethods.GetGameServer, request: bodyAlone },
  { verb: 'PUT', path: /^\/metadata\/label$/, method: sdkMethods.SetLabel, request: bodyAlone },
  { verb: 'PUT', path: /^\/metadata\/annotation$/, method: sdkMethods.SetAnnotation, request: bodyAlone },
  { verb: 'POST', path: /^\/alpha\/player\/connect$/, method: playerMethods.PlayerConnect, request: bodyAlone },
  { verb: 'POST', path: /^\/alpha\/player\/disconnect$/, method: playerMethods.PlayerDisconnect, request: bodyAlone },
  { verb: 'PUT', path: /^\/alpha\/player\/capacity$/, method: playerMethods.SetPlayerCapacity, request: bodyAlone },
  { verb: 'GET', path: /^\/alpha\/player\/capacity$/, method: playerMethods.GetPlayerCapacity, request: bodyAlone },
  { verb: 'GET', path: /^\/alpha\/player\/count$/, method: playerMethods.GetPlayerCount, request: bodyAlone },
  { verb: 'GET', path: /^\/alpha\/player\/connected$/, method: playerMethods.GetConnectedPlayers, request: bodyAlone },
  {
    ...{ verb: 'GET', path: /^\/alpha\/player\/connected\/([^/]{1,256})$/, method: playerMethods.IsPlayerConnected },
    request: (_, playerID) => ({ playerID }),
  },
  ...countRoutes('v1beta1'),
  ...countRoutes('v1alpha1'),
]

const watchPath = '/watch/gameserver'

export function restEdge(clock: Clock, calls: SdkCalls, onFault: (error: unknown) => void): RestEdge {
  const sockets = new Set<Socket>()
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: 1_024, perMessageDeflate: false })
  // Its own timeouts count only where it listens itself, so they are counted here.
  const server = createServer({ maxHeaderSize: 8_192, keepAliveTimeout: idleMs })
  const deadlines = new WeakMap<Socket, Cancel>()
  const expectBy = (socket: Socket, withinMs: number) => {
    deadlines.get(socket)?.()
    deadlines.set(
      socket,
      clock.after(withinMs, () => socket.destroy()),
    )
  }

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    expectBy(socket, requestMs)
    request.on('end', () => deadlines.get(socket)?.())
    response.on('close', () => {
      if (!socket.destroyed) expectBy(socket, idleMs)
    })
    answer(request, response).catch((error: unknown) => refuse(response, error))
  })
  // Unreal watches over a WebSocket, for it cannot read a stream of HTTP.
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (pathOf(request).path !== watchPath || isOfAPage(request)) return void socket.destroy()
    deadlines.get(socket)?.()
    webSockets.handleUpgrade(request, socket, head, (line) => {
      const tell = (shown: ShownServer) => {
        if (line.bufferedAmount < bodyBytesMax) line.send(watchText(shown))
        else line.terminate()
      }
      try {
        const unwatch = calls.watch(tell)
        line.on('close', unwatch)
      } catch {
        line.close(1013)
      }
      line.on('error', () => line.terminate())
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isOfAPage(request))
      throw new SdkRefusal('PERMISSION_DENIED', 'A page of another site may not speak for a server.')
    const { path, mask } = pathOf(request)
    if (path === watchPath && request.method === 'GET') {
      request.resume()
      return watch(response)
    }
    const matching = routes.filter((route) => route.path.test(path))
    const route = matching.find(({ verb }) => verb === request.method)
    if (route === undefined) {
      request.resume()
      return write(response, matching.length === 0 ? 404 : 501, {
        ...{ code: matching.length === 0 ? sdkCodes.NOT_FOUND.code : sdkCodes.UNIMPLEMENTED.code },
        message: matching.length === 0 ? 'Not Found' : 'Method Not Allowed',
      })
    }
    const body = await bodyOf(request)
    // Agones takes no ping without a body, so a client that forgot it is told here, too.
    if (body === null && path === '/health') throw new SdkRefusal('INVALID_ARGUMENT', 'A ping has a body, {}.')
    const name = nameIn(route.path.exec(path)?.[1] ?? '')
    write(response, 200, withoutDefaults(await route.method(calls, route.request(body ?? {}, name, mask))))
  }

  function watch(response: ServerResponse): void {
    let isFull = false
    let newest: ShownServer | null = null
    const tell = (server: ShownServer) => {
      if (isFull) newest = server
      else isFull = !response.write(`${watchText(server)}\n`)
    }
    response.on('drain', () => {
      isFull = false
      const late = newest
      newest = null
      if (late !== null) tell(late)
    })
    const unwatch = calls.watch((server) => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' })
      tell(server)
    })
    response.on('close', unwatch)
  }

  function refuse(response: ServerResponse, error: unknown): void {
    if (response.headersSent) return void response.destroy()
    const { code, message } = refusalOf(error, onFault)
    write(response, sdkCodes[code].status, { code: sdkCodes[code].code, message })
  }

  return {
    take(socket) {
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        deadlines.get(socket)?.()
      })
      expectBy(socket, requestMs)
      server.emit('connection', socket)
    },
    close() {
      for (const line of webSockets.clients) line.terminate()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const watchText = (server: ShownServer) => JSON.stringify({ result: withoutDefaults(gameServerMessage(server)) })

function write(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** A browser of this machine may be made to call loopback by any page: it says which, or calls by the page's own name. */
function isOfAPage({ headers }: IncomingMessage): boolean {
  const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).hostname : '')
  const { origin, host = '' } = headers
  return !isLoopback(hostOf(`http://${host}`)) || (origin !== undefined && !isLoopback(hostOf(origin)))
}

function pathOf({ url = '/' }: IncomingMessage): { path: string; mask: string | null } {
  const [path = '/', query = ''] = url.split('?', 2)
  const parameters = new URLSearchParams(query)
  return { path, mask: parameters.get('update_mask') ?? parameters.get('updateMask') }
}

function nameIn(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new SdkRefusal('INVALID_ARGUMENT', 'The path is not well written.')
  }
}

/** Null where there is none. */
async function bodyOf(request: IncomingMessage): Promise<Message | null> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > bodyBytesMax) throw new SdkRefusal('RESOURCE_EXHAUSTED', `A body has ${bodyBytesMax} bytes at most.`)
    parts.push(part)
  }
  if (bytes === 0) return null
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
    if (isMessage(body)) return body
  } catch {
    // The words below say it.
  }
  throw new SdkRefusal('INVALID_ARGUMENT', 'The body is no JSON object.')
}
