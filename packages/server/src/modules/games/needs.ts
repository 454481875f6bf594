import type { PlayerId, SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Limits } from '../../platform/http/limits.ts'
import type { MintId } from '../../platform/ids.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { Places } from '../presence/index.ts'
import type { Issued, OpenRequest, Seating, SessionView } from '../sessions/index.ts'
import type { GamesStore } from './store.ts'

/** What a mode allows its private games. */
export interface PrivateMode {
  playersMax: number
  guests: boolean
  /** Longest wait until a server that was found is ready. */
  readyTimeoutMs: number
}

export interface GamesNeeds {
  clock: Clock
  random: Random
  db: Db
  mintId: MintId
  wakes: Wakes
  limits: Limits
  log: Log
  /** What is kept; in PostgreSQL unless told. */
  store?: GamesStore
  /** Bytes that nobody can foretell. */
  draw(bytes: number): Uint8Array
  /** Null where a mode has no private games. */
  modeOf(mode: string): PrivateMode | null
  peopleOf(players: PlayerId[]): Promise<Map<PlayerId, { nick: string; guest: boolean }>>
  places: Pick<Places, 'of'>
  transportOf(mode: string): string
  openSession(tx: Tx, request: OpenRequest): Promise<SessionId>
  sessionsView(sessions: readonly SessionId[]): Promise<Map<SessionId, SessionView>>
  joinSession(tx: Tx, session: SessionId, who: { player: PlayerId; nick: string; guest: boolean }): Promise<Seating>
  issue(session: SessionId, player: PlayerId): Promise<Issued>
  leaveSession(session: SessionId, player: PlayerId): Promise<void>
  removePlayer(tx: Tx, session: SessionId, player: PlayerId, reason: string): Promise<void>
  setDoor(tx: Tx, session: SessionId, door: 'open' | 'closed'): Promise<'done' | 'started' | 'ended'>
  callOff(tx: Tx, session: SessionId): Promise<void>
}

/** Who may play with friends at all. */
export interface GuestRules {
  admit(player: PlayerId, mode: PrivateMode): Promise<{ nick: string; guest: boolean }>
}
