import type { KeyId, PlayerId, ServerId, SessionId } from '@muster/protocol'

/**
 * A server's way:
 *
 *   starting ─► ready ─► draining ─► gone        (silence past the TTL at any point: gone)
 *
 * A ready server that runs sessions is shown as `allocated`; that is counted, not kept.
 */
export type KeptState = 'starting' | 'ready' | 'draining' | 'gone'
export type ServerState = KeptState | 'allocated'

export const shownState = (state: KeptState, sessions: number): ServerState =>
  state === 'ready' && sessions > 0 ? 'allocated' : state

/** Why a server went, in words that a player may read. What only operators may see is kept beside it as detail. */
export const endings = {
  silent: 'The game server fell silent.',
  restarted: 'The game server restarted.',
  left: 'The game server left.',
  drained: 'The game server was no longer needed.',
  stopped: 'An operator stopped the game server.',
  command_not_found: 'The game server could not be started: its program was not found.',
  folder_not_found: 'The game server could not be started: its working folder was not found.',
  not_permitted: 'The game server could not be started: its program may not be run.',
  not_configured: 'The game server could not be started: this mode launches none any more.',
  not_started: 'The game server could not be started.',
  no_port: 'The game server could not be started: no port was free.',
  not_ready: 'The game server was not ready in time.',
  wrong_port: 'The game server does not listen where players would come.',
  exited_early: 'The game server ended before it was ready.',
  exited: 'The game server ended.',
  shut_down: 'The game server shut itself down.',
  unhealthy: 'The game server was unhealthy.',
  cluster_lost: 'The game server is gone from its cluster.',
  lost: 'The game server was lost while Muster was away.',
} as const

export type Ending = keyof typeof endings

/** A session's claim on a server's capacity. */
export interface Claim {
  session: SessionId
  mode: string
  region: string | null
  slots: number
  /** For a session that more may come to: how many may play at once, as its launched server is told, and the slots that
   *  server has. More slots than players: one that left may still hold one when another comes. */
  growsTo?: { players: number; slots: number }
  /** What the server is told of the session. */
  brief: unknown
}

/** The claims of several sessions that ask for the same, first come first. */
export interface GroupClaim extends Pick<Claim, 'mode' | 'region' | 'slots'> {
  sessions: readonly Pick<Claim, 'session' | 'brief'>[]
}

export interface Allocation {
  session: SessionId
  server: ServerId
  /** This run of the server; its ticket key belongs to it. */
  instance: string
  host: string
  /** Null until the server has said where it listens. */
  port: number | null
  region: string | null
}

/** What a session may know of its server. */
export interface ServerView {
  server: ServerId
  instance: string
  state: ServerState
  /** It can take this session's players. */
  ready: boolean
  host: string
  port: number
  region: string | null
  cause: Ending | null
  /** Why the server went, in words that a player may read; null while it lives, and where the session let it go. */
  failure: string | null
}

/** What a server says of itself when it registers. */
export interface Registration {
  id: ServerId
  name: string
  address: string
  ports: Readonly<Record<string, number>>
  capacity: number
  /** Sessions that it runs at once; as many as fit unless told. */
  sessionsMax?: number | null
  region: string | null
  modes: readonly string[]
  maps: readonly number[]
  labels: Readonly<Record<string, string>>
}

/** The port players are sent to: `game`, or the only one. */
export function gamePortOf(ports: Readonly<Record<string, number>>): number | null {
  if (ports.game !== undefined) return ports.game
  const all = Object.values(ports)
  return all.length === 1 ? (all[0] as number) : null
}

export const anyMode = '*'

/** What a server is offered for. One that names neither modes nor maps takes whatever comes; one that names only maps
 *  is a world's. */
export const modesOffered = ({ modes, maps }: Pick<Registration, 'modes' | 'maps'>): readonly string[] =>
  modes.length === 0 && maps.length === 0 ? [anyMode] : modes

/** Who touches a server: the key that registered it, or an operator. */
export type Toucher = { kind: 'key'; key: KeyId } | { kind: 'operator' }

export const mayTouch = (toucher: Toucher, registeredBy: string | null): boolean =>
  toucher.kind === 'operator' || toucher.key === registeredBy

export interface AssignedSession {
  session: SessionId
  mode: string
  slots: number
  brief: unknown
}

export interface KickOrder {
  session: SessionId
  player: PlayerId | null
  reason: string
  createdAt: number
}

/** What a server has to be told. Orders are repeated until they are seen to be done, for answers get lost. */
export interface Orders {
  instance: string
  assign: AssignedSession[]
  kick: KickOrder[]
  drain: boolean
}

/** Why a server is to drop a session that it never had. */
export const strayReason = 'unknown'

/** Names each order, so that it is known which of them were told lately. */
export const orderNames = ({ instance, assign, kick, drain }: Orders): string[] => [
  ...assign.map(({ session }) => `${instance} assign ${session}`),
  ...kick.map(({ session, player, createdAt }) => `${instance} kick ${session} ${player ?? ''} ${createdAt}`),
  ...(drain ? [`${instance} drain`] : []),
]

/** What a server says with a beat about who plays. */
export interface SeenSession {
  session: SessionId
  players: readonly PlayerId[]
}

/** A kick is done when the server, having been told, no longer lists whom it was about. */
export function kickIsDone(kick: Pick<KickOrder, 'session' | 'player'>, seen: readonly SeenSession[]): boolean {
  const session = seen.find((one) => one.session === kick.session)
  if (session === undefined) return true
  return kick.player !== null && !session.players.includes(kick.player)
}

/** The next port after the one used last, so that a port rests as long as it can before it is used again. */
export function nextPort(from: number, to: number, last: number, taken: ReadonlySet<number>): number | null {
  const count = to - from + 1
  const start = last >= from && last < to ? last + 1 : from
  for (let step = 0; step < count; step++) {
    const port = from + ((start - from + step) % count)
    if (!taken.has(port)) return port
  }
  return null
}
