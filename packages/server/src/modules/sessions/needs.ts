import type { PlayerId, ServerId, SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Limits } from '../../platform/http/limits.ts'
import type { MintId } from '../../platform/ids.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { Random } from '../../platform/random.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { Allocation, Claim, GroupClaim } from '../fleet/index.ts'
import type { Place } from '../presence/index.ts'
import type { SessionStore } from './store.ts'

export type { Allocation, Claim, GroupClaim } from '../fleet/index.ts'
export type { Place } from '../presence/index.ts'

/** What a session has to know of its server. */
export interface ServerView {
  server: ServerId
  state: 'starting' | 'ready' | 'allocated' | 'draining' | 'gone'
  /** It can take this session's players. */
  ready: boolean
  host: string
  port: number
  region: string | null
  /** What ended it; `not_ready` where it was not ready in time. */
  cause: string | null
  /** Why it went, in words that a player may read. */
  failure: string | null
}

export interface FleetNeeds {
  /** A live registered server with room. */
  reserve(tx: Tx, claim: Claim): Promise<Allocation | null>
  /** As many of them, first come first, as find room at this moment on live registered servers. */
  reserveTogether(tx: Tx, claim: GroupClaim): Promise<Allocation[]>
  /** A process of its own, started once the transaction has committed. `asked`: somebody was asked for a server, and
   *  answers later. */
  launch(tx: Tx, claim: Claim): Promise<Allocation | 'asked' | null>
  /** The server said that it is ready for the session. May be repeated. */
  confirm(tx: Tx, session: SessionId, port?: number): Promise<void>
  addSlots(tx: Tx, session: SessionId, count: number): Promise<boolean>
  freeSlots(tx: Tx, session: SessionId, count: number): Promise<void>
  release(tx: Tx, session: SessionId, why: string): Promise<void>
  kick(tx: Tx, session: SessionId, player: PlayerId, reason: string): Promise<void>
  viewOf(sessions: SessionId[]): Promise<Map<SessionId, ServerView>>
  ticketKeyOf(server: ServerId, instance: string): Uint8Array
  netcodeKeyOf(server: ServerId, instance: string): Uint8Array
}

export interface PlacesNeeds {
  claim(tx: Tx, claims: { player: PlayerId; place: Place }[]): Promise<{ player: PlayerId; place: Place }[]>
  move(tx: Tx, moves: { player: PlayerId; from: Place; to: Place }[]): Promise<PlayerId[]>
  release(tx: Tx, from: { player: PlayerId; place: Place }[]): Promise<void>
}

/** Where a mode's servers come from; registered ones are asked first. */
export interface ServerSources {
  registered: boolean
  launched: boolean
}

export interface SessionsNeeds {
  clock: Clock
  random: Random
  mintId: MintId
  db: Db
  /** What is kept; in PostgreSQL unless told. */
  store?: SessionStore
  wakes: Wakes
  limits: Limits
  log: Log
  metrics: Metrics
  fleet: FleetNeeds
  places: PlacesNeeds
  sourcesOf(mode: string): ServerSources
}
