import type { MatchId, Match as MatchText, PlayerId, SessionId, SessionState } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { MintId } from '../../platform/ids.ts'
import type { Leases } from '../../platform/lease.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { Random } from '../../platform/random.ts'
import type { SoftState } from '../../platform/soft-state.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { OnMessage, Place, Places, SendPushes } from '../presence/index.ts'
import type { SeatNews } from './domain.ts'
import type { MatchmakingStore } from './store.ts'

/** What a match asks of the session that it is played in. */
export interface OpenRequest {
  match: MatchId
  kind: 'match'
  mode: string
  region: string | null
  board: string | null
  players: { player: PlayerId; nick: string; guest: boolean; team: number; origin: Place }[]
}

export type { OnMessage, Place, Places, Push, SendPushes } from '../presence/index.ts'

export interface SessionNews {
  state: SessionState
  /** Why it was cancelled or abandoned, in one word. */
  cause: string | null
  /** More of it, in words that a player may read. */
  detail: string | null
  seats: readonly SeatNews[]
}

export interface MatchmakingNeeds {
  clock: Clock
  random: Random
  mintId: MintId
  db: Db
  /** What is kept; in PostgreSQL unless told. */
  store?: MatchmakingStore
  soft: SoftState
  leases: Leases
  wakes: Wakes
  log: Log
  metrics: Metrics
  /** This process, another one after every start. */
  node: string
  places: Places
  push: SendPushes
  onMessage: OnMessage
  /** Players with a socket open on this process. */
  connectedHere?(): Iterable<PlayerId>
  ratingsOf(board: string, players: PlayerId[]): Promise<Map<PlayerId, { points: number }>>
  peopleOf(players: PlayerId[]): Promise<Map<PlayerId, { nick: string; guest: boolean }>>
  /** Asking twice for one match gives the one session. */
  openSession(tx: Tx, request: OpenRequest): Promise<SessionId>
  /** Gives up the player's place in a session that has not ended. */
  leaveSession(session: SessionId, player: PlayerId): Promise<void>
  sessionsView(sessions: SessionId[]): Promise<Map<SessionId, SessionNews>>
  /** Null unless the player can come in right now. */
  admissionOf(
    session: SessionId,
    player: PlayerId,
  ): Promise<{ match: MatchText; ticket: string; connect_token?: string } | null>
}
