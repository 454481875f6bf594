import type { PlayerId } from '@muster/protocol'
import { MusterError } from '../api.ts'
import { pause } from '../pause.ts'
import type { GameSession } from '../session.ts'

/** As much of a WebSocket as is used; those of `ws` are such. */
export interface ServerSocket {
  send(text: string): void
  close(code?: number, reason?: string): void
  on(event: 'message', listener: (data: unknown) => void): unknown
  on(event: 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
}

/** A message of the dialect: a `type`, and what goes with it. */
export type SocketMessage = { type: string } & Record<string, unknown>

export interface MatchRoomOptions {
  session: GameSession
  /** Longest wait for everybody to load. Unless told, nine tenths of Muster's own. */
  loadingTimeoutS?: number
  /** How many must have come when that is over. */
  playersMin?: number
  /** Play begins, with those who are there. */
  onStarting(players: readonly PlayerId[]): void
  /** What a player says beyond the dialect. */
  onMessage?(player: PlayerId, message: SocketMessage): void
  onLeft?(player: PlayerId): void
  /** It ends before it began: nobody came, or Muster has given the match up. */
  onCancelled?(reason: string): void
  onError?(error: unknown): void
}

/** The players of one match on their sockets: Authenticate, LoadMatchComplete, MatchStarting. */
export interface MatchRoom {
  /** A connection that nothing was said on yet. */
  take(socket: ServerSocket): void
  send(player: PlayerId, message: SocketMessage): void
  /** To everybody who is connected. */
  tell(message: SocketMessage): void
  readonly state: 'loading' | 'playing' | 'over'
  /** Hangs up on everybody; for when the match is over. */
  close(reason?: string): void
}

interface Line {
  socket: ServerSocket
  loaded: boolean
}

const authenticateMs = 5_000
const messageLengthMax = 65_536
/** How long players wait for Muster to hear that play begins before it begins anyway. */
const acknowledgeMs = 5_000
const loadingUsualS = 60
const policy = 1008

export function openMatchRoom(options: MatchRoomOptions): MatchRoom {
  const { session, playersMin = 1, onError = () => undefined } = options
  const loadingTimeoutS = options.loadingTimeoutS ?? (session.match.loading_timeout_s ?? loadingUsualS) * 0.9
  const lines = new Map<PlayerId, Line>()
  let state: 'loading' | 'starting' | 'playing' | 'over' = 'loading'
  const timer = setTimeout(() => void begin(), loadingTimeoutS * 1_000)

  const say = (socket: ServerSocket, message: SocketMessage) => {
    try {
      socket.send(JSON.stringify(message))
    } catch (error) {
      onError(error)
    }
  }
  function end(reason: string): void {
    if (state === 'over') return
    state = 'over'
    clearTimeout(timer)
    for (const { socket } of lines.values()) socket.close(1000, reason)
  }

  function cancel(reason: string): void {
    end(reason)
    options.onCancelled?.(reason)
  }

  async function begin(): Promise<void> {
    if (state !== 'loading') return
    clearTimeout(timer)
    if (lines.size < playersMin) {
      const reason = lines.size === 0 ? 'Nobody came in time.' : 'Too few came in time.'
      await session.abandoned(reason).catch(onError)
      return cancel(reason)
    }
    state = 'starting'
    const refusal = await Promise.race([startedOrRefused(), pause(acknowledgeMs).then(() => null)])
    if (state !== 'starting') return
    if (refusal !== null) return cancel(refusal.message)
    state = 'playing'
    options.onStarting([...lines.keys()])
    for (const { socket } of lines.values()) say(socket, { type: 'MatchStarting' })
  }

  /** Where Muster cannot be reached, it is told later. */
  const startedOrRefused = (): Promise<MusterError | null> =>
    session.started().then(
      () => null,
      (error: unknown) => {
        onError(error)
        return error instanceof MusterError ? error : null
      },
    )

  function authenticate(socket: ServerSocket, { ticket }: SocketMessage): PlayerId | { code: string; detail: string } {
    if (state === 'over') return { code: 'SESSION_ENDED', detail: 'the match is over' }
    const admission = session.admit(String(ticket))
    if (!admission.ok) return { code: 'UNAUTHENTICATED', detail: admission.reason }
    const { player } = admission.admitted
    const before = lines.get(player)
    lines.set(player, { socket, loaded: before?.loaded ?? false })
    before?.socket.close(4409, 'replaced')
    if (state === 'playing') say(socket, { type: 'MatchStarting' })
    return player
  }

  function hear(player: PlayerId, line: Line, message: SocketMessage): void {
    if (message.type !== 'LoadMatchComplete') {
      options.onMessage?.(player, message)
      return
    }
    line.loaded = true
    const expected = session.match.factions?.flat() ?? []
    if (expected.every((one) => lines.get(one)?.loaded)) void begin()
  }

  return {
    get state() {
      return state === 'starting' ? 'loading' : state
    },
    take(socket) {
      let player: PlayerId | null = null
      /** Whoever was refused is heard no more. */
      let refused = false
      const turnAway = (code: string, detail: string) => {
        refused = true
        clearTimeout(late)
        say(socket, { type: 'Error', code, detail })
        socket.close(policy, detail)
      }
      const late = setTimeout(() => turnAway('UNAUTHENTICATED', 'say who you are'), authenticateMs)
      socket.on('error', onError)
      socket.on('message', (data) => {
        if (refused) return
        const message = messageIn(String(data))
        if (message === null) return turnAway('INVALID_REQUEST', 'a message is a JSON object with a type')
        const line = player === null ? undefined : lines.get(player)
        if (player !== null && line?.socket === socket) return hear(player, line, message)
        if (player !== null) return
        clearTimeout(late)
        if (message.type !== 'Authenticate') return turnAway('UNAUTHENTICATED', 'say who you are first')
        const admitted = authenticate(socket, message)
        if (typeof admitted === 'string') player = admitted
        else turnAway(admitted.code, admitted.detail)
      })
      socket.on('close', () => {
        clearTimeout(late)
        if (player === null || lines.get(player)?.socket !== socket) return
        lines.delete(player)
        session.left(player)
        options.onLeft?.(player)
      })
    },
    send(player, message) {
      const line = lines.get(player)
      if (line !== undefined) say(line.socket, message)
    },
    tell(message) {
      for (const { socket } of lines.values()) say(socket, message)
    },
    close: (reason = 'the match is over') => end(reason),
  }
}

function messageIn(text: string): SocketMessage | null {
  if (text.length > messageLengthMax) return null
  try {
    const message = JSON.parse(text) as SocketMessage | null
    return typeof message?.type === 'string' ? message : null
  } catch {
    return null
  }
}
