import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ClientFrame, closeCodes, Refusal, type RefusalCode } from '@muster/protocol'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Cancel, Clock } from '../clock.ts'
import { refuseRaw } from '../http/raw-problem.ts'
import { draw, type Rate } from './bucket.ts'
import { type Connection, EdgeSocket } from './connection.ts'
import type { SocketFigures } from './figures.ts'
import { errorFrame, type FrameId, readFrame } from './frames.ts'
import { originMayOpen } from './origin.ts'
import type { SocketEndpoint } from './upgrades.ts'

export interface SocketLimits {
  connectionsMax: number
  connectionsPerAddressMax: number
  /** Sockets that were not admitted yet. Beyond it the oldest of them goes: newcomers must not be kept out by silence. */
  waitingMax: number
  admitWithinMs: number
  frameBytesMax: number
  fragmentsMax: number
  frames: Rate
  bytes: Rate
  /** What a slow reader may leave unread. */
  backlogBytesMax: number
  heartbeatMs: number
  silenceMs: number
}

/** Whose the frames are. Called in order; `closed` once for each connection, and nothing after it. */
export interface SocketUser<State> {
  begin(): State
  opened(connection: Connection<State>, request: IncomingMessage): void
  frame(connection: Connection<State>, frame: ClientFrame): void
  /** About once a second for each open connection. */
  looked(connection: Connection<State>, now: number): void
  closed(connection: Connection<State>): void
}

export interface SocketEdge<State> {
  endpoint: SocketEndpoint
  /** It said who it is: its time to do so no longer runs. */
  admit(connection: Connection<State>): void
  send(connection: Connection<State>, text: string): void
  /** Answers what is no request; who sends too much of that is closed. */
  complain(connection: Connection<State>, code: RefusalCode, message: string, id: FrameId): void
  /** `why` is for the figures, `reason` for the client. */
  close(connection: Connection<State>, code: number, reason: string, why: string): void
  /** Takes sockets from now on; until then they are refused. */
  start(): void
  /** Closes all, and resolves when they are gone: those that do not answer are cut after a moment. */
  stop(): Promise<void>
}

export interface SocketEdgeNeeds {
  clock: Clock
  figures: SocketFigures
  addressOf: (request: IncomingMessage) => string
}

const lookEveryMs = 1_000
const closeWithinMs = 2_000
/** Frames that are none: a client with a bug gets its answers, a flood is closed. */
const badFrames: Rate = { perS: 0.2, burstMax: 8 }

/** Takes sockets at `path`: knows frames, limits and heartbeats, and nothing of what is said. */
export function createSocketEdge<State>(
  { clock, figures, addressOf }: SocketEdgeNeeds,
  path: string,
  origins: readonly string[],
  limits: SocketLimits,
  user: SocketUser<State>,
): SocketEdge<State> {
  const connections = new Set<Connection<State>>()
  /** In the order in which they came, so the first has the least time left. */
  const waiting = new Set<Connection<State>>()
  const byAddress = new Map<string, number>()
  const framesIn = figures.frames.labels({ path, direction: 'in' })
  const framesOut = figures.frames.labels({ path, direction: 'out' })
  let serving = false
  let cancelLook: Cancel = () => undefined
  let cancelWaiting: Cancel | null = null

  const settings = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.frameBytesMax,
    maxFragments: limits.fragmentsMax,
    closeTimeout: closeWithinMs,
    // Pings are counted as frames; only so is a flood of them told why it is closed.
    maxPendingAutoPongs: limits.frames.burstMax + 1,
    WebSocket: EdgeSocket,
    // Who offers protocols gets ours; the others offered beside it may hold a token, and are never repeated.
    handleProtocols: (offered: Set<string>) => (offered.has('muster') ? 'muster' : false),
  } as const
  const server = new WebSocketServer<typeof EdgeSocket>(settings)

  function refusalOf(request: IncomingMessage, address: string): Refusal | null {
    const { origin, host } = request.headers
    if (!serving) return new Refusal('UNAVAILABLE', { retryAfterS: 1 })
    if (!originMayOpen(origin, host, origins)) {
      return new Refusal('FORBIDDEN', { detail: 'Pages of this origin may not open a socket here.' })
    }
    if (connections.size >= limits.connectionsMax) return new Refusal('BUSY', { retryAfterS: 5 })
    if ((byAddress.get(address) ?? 0) >= limits.connectionsPerAddressMax) {
      return new Refusal('RATE_LIMITED', { detail: 'Too many sockets are open from your address.', retryAfterS: 5 })
    }
    return null
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
    const address = addressOf(request)
    const refusal = refusalOf(request, address)
    if (refusal === null) return server.handleUpgrade(request, socket, head, (opened) => open(opened, request, address))
    figures.refused.inc({ path, code: refusal.code })
    refuseRaw(socket, refusal)
  }

  function open(socket: EdgeSocket, request: IncomingMessage, address: string) {
    const now = clock.now()
    const connection: Connection<State> = {
      ...{ socket, address, state: user.begin(), open: true, admitByMs: now + limits.admitWithinMs },
      ...{ heardAtMs: now, pingedAtMs: 0, framesFullAtMs: 0, bytesFullAtMs: 0, badFramesFullAtMs: 0 },
    }
    socket.connection = connection
    socket.on('message', onMessage)
    socket.on('ping', onControl)
    socket.on('pong', onControl)
    socket.on('error', onError)
    socket.on('close', onClose)
    connections.add(connection)
    byAddress.set(address, (byAddress.get(address) ?? 0) + 1)
    figures.connections.set({ path }, connections.size)
    if (waiting.size >= limits.waitingMax) {
      for (const oldest of waiting) {
        close(oldest, closeCodes.policy, 'Too many wait to sign in', 'crowded')
        break
      }
    }
    waiting.add(connection)
    watchWaiting()
    user.opened(connection, request)
  }

  /** One timer for all that wait: it runs for the first of them. */
  function watchWaiting() {
    if (cancelWaiting !== null) return
    for (const first of waiting) {
      cancelWaiting = clock.after(first.admitByMs - clock.now(), () => {
        cancelWaiting = null
        const now = clock.now()
        for (const one of waiting) {
          if (one.admitByMs > now) break
          close(one, closeCodes.policy, 'No token came in time', 'no_token')
        }
        watchWaiting()
      })
      break
    }
  }

  const connectionOf = (socket: WebSocket) => (socket as EdgeSocket).connection as Connection<State>

  /** False where the connection sent more than it may, and is closed for it. */
  function mayPass(connection: Connection<State>, bytes: number): boolean {
    const now = clock.now()
    const frames = draw(connection.framesFullAtMs, now, limits.frames, 1)
    const filled = draw(connection.bytesFullAtMs, now, limits.bytes, bytes)
    if (frames === null || filled === null) {
      close(connection, closeCodes.rate, frames === null ? 'Too many frames' : 'Too many bytes', 'rate')
      // What it has sent already is left where it is, until its time to close is over.
      connection.socket.pause()
      return false
    }
    connection.framesFullAtMs = frames
    connection.bytesFullAtMs = filled
    connection.heardAtMs = now
    return true
  }

  function onMessage(this: WebSocket, data: RawData, isBinary: boolean) {
    const connection = connectionOf(this)
    if (!connection.open || !mayPass(connection, (data as Buffer).length)) return
    framesIn.inc()
    const frame = isBinary ? null : readFrame((data as Buffer).toString())
    if (frame !== null) return user.frame(connection, frame)
    const message = 'A frame is a text of JSON: {"event": …, "data"?: …, "id"?: …}.'
    complain(connection, 'INVALID_REQUEST', message, undefined)
  }

  function onControl(this: WebSocket) {
    const connection = connectionOf(this)
    if (connection.open) mayPass(connection, 0)
  }

  function onError(this: WebSocket, error: Error) {
    // `ws` closes a socket that breaks the protocol by itself, with the code that fits.
    const tooBig = (error as NodeJS.ErrnoException).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
    leave(connectionOf(this), tooBig ? 'too_big' : 'broken')
  }

  function onClose(this: WebSocket) {
    const connection = connectionOf(this)
    leave(connection, 'client')
    connections.delete(connection)
    const others = (byAddress.get(connection.address) ?? 1) - 1
    if (others === 0) byAddress.delete(connection.address)
    else byAddress.set(connection.address, others)
    figures.connections.set({ path }, connections.size)
  }

  function leave(connection: Connection<State>, why: string) {
    if (!connection.open) return
    connection.open = false
    waiting.delete(connection)
    figures.closes.inc({ path, reason: why })
    user.closed(connection)
  }

  function close(connection: Connection<State>, code: number, reason: string, why: string) {
    if (!connection.open) return
    leave(connection, why)
    connection.socket.close(code, reason)
  }

  function send(connection: Connection<State>, text: string) {
    if (!connection.open) return
    connection.socket.send(text)
    framesOut.inc()
    if (connection.socket.bufferedAmount <= limits.backlogBytesMax) return
    close(connection, closeCodes.slow, 'Too much was left unread', 'slow')
  }

  function complain(connection: Connection<State>, code: RefusalCode, message: string, id: FrameId) {
    const full = draw(connection.badFramesFullAtMs, clock.now(), badFrames, 1)
    if (full === null) return close(connection, closeCodes.policy, 'Too many bad frames', 'bad_frames')
    connection.badFramesFullAtMs = full
    send(connection, errorFrame(code, message, id))
  }

  function look() {
    const now = clock.now()
    for (const connection of connections) {
      if (!connection.open) continue
      const quietMs = now - connection.heardAtMs
      if (quietMs >= limits.silenceMs) {
        leave(connection, 'silent')
        connection.socket.terminate()
        continue
      }
      if (quietMs >= limits.heartbeatMs && now - connection.pingedAtMs >= limits.heartbeatMs) {
        connection.pingedAtMs = now
        connection.socket.ping()
      }
      user.looked(connection, now)
    }
    cancelLook = clock.after(lookEveryMs, look)
  }

  return {
    endpoint: { path, upgrade },
    ...{ send, complain, close },
    admit(connection) {
      waiting.delete(connection)
      connection.admitByMs = 0
    },
    start() {
      serving = true
      cancelLook = clock.after(lookEveryMs, look)
    },
    async stop() {
      serving = false
      cancelLook()
      cancelWaiting?.()
      const gone = [...connections].map(
        ({ socket }) => new Promise<void>((resolve) => void socket.once('close', () => resolve())),
      )
      for (const connection of connections)
        close(connection, closeCodes.goingAway, 'The server is stopping', 'stopping')
      await Promise.all(gone)
    },
  }
}
