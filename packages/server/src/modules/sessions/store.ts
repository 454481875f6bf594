import type { MatchId, PlayerId, ServerId, SessionId, SessionState } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import type { Cause, EndState, LiveState, SessionKind } from './domain.ts'
import type { Seat, SeatChange, SeatRole } from './seats.ts'

/** A session as it is kept. */
export interface KeptSession {
  id: SessionId
  kind: SessionKind
  mode: string
  match: MatchId | null
  region: string | null
  board: string | null
  /** As it was opened with. */
  settings: unknown
  /** What the server said at the start. */
  chosen: unknown
  state: SessionState
  cause: Cause | null
  /** More of the cause, in words. */
  detail: string | null
  /** Whether more players may come in. */
  door: 'open' | 'closed'
  /** Most that may sit in it; null where nobody comes later. */
  playersMax: number | null
  /** The server has said who came, so who was not named is not there. */
  told: boolean
  /** The newest numbered report of players. */
  playersSeq: number
  deadlineAt: number | null
  server: ServerId | null
  instance: string | null
  host: string | null
  port: number | null
  requestedAt: number
  loadingAt: number | null
  startedAt: number | null
  endedAt: number | null
  /** In the order in which they were given. */
  seats: Seat[]
}

export type NewSession = Pick<
  KeptSession,
  'id' | 'kind' | 'mode' | 'match' | 'region' | 'board' | 'settings' | 'door' | 'playersMax' | 'requestedAt' | 'seats'
> & { deadlineAt: number; ticketLifeMs: number }

/** What is seen of a session from afar: enough to tell whether anything is due. */
export type Glance = Pick<KeptSession, 'id' | 'mode' | 'region' | 'state' | 'deadlineAt'>

export type Served = Pick<KeptSession, 'server' | 'instance' | 'host' | 'port'>

export interface Move {
  from: LiveState
  to: LiveState
  at: number
  deadlineAt: number
  served?: Partial<Served>
  chosen?: unknown
}

export interface Ending {
  state: EndState
  cause: Cause | null
  detail: string | null
  at: number
}

export interface TicketStamp {
  seats: readonly { session: SessionId; player: PlayerId }[]
  now: number
  clockSlackMs: number
}

/** What a ticket says, of a seat that holds a slot. */
export interface StampedTicket {
  session: SessionId
  player: PlayerId
  server: ServerId
  instance: string
  host: string
  port: number
  mode: string
  nick: string
  guest: boolean
  team: number
  role: SeatRole
  endsAt: number
}

export interface LateReport {
  kind: string
  body: unknown
  at: number
}

/** A seat together with what is said of its session, for who asks what is kept of a player. */
export type KeptSeat = Pick<KeptSession, 'id' | 'kind' | 'mode' | 'state' | 'requestedAt' | 'startedAt' | 'endedAt'> & {
  seat: Pick<Seat, 'nick' | 'team' | 'role' | 'state' | 'joinedAt' | 'gaveUpAt'>
}

/** What is kept of sessions. Every verb is atomic; `lock` holds a session and its seats until the transaction ends, and
 *  whoever writes to a session holds it, but for the stamp of a ticket, which touches seats alone. */
export interface SessionStore {
  /** Keeps it, unless its match has a session already; the id is that of the one which is kept. */
  insert(tx: Tx, session: NewSession): Promise<{ id: SessionId; fresh: boolean }>
  lock(tx: Tx, id: SessionId): Promise<KeptSession | null>
  /** Those that there are, by id, which is the order in which they are held: whoever holds several does it like this. */
  lockAll(tx: Tx, ids: readonly SessionId[]): Promise<KeptSession[]>
  read(tx: Tx, ids: readonly SessionId[]): Promise<KeptSession[]>

  /** False if it is not in `from` any more. */
  move(tx: Tx, id: SessionId, move: Move): Promise<boolean>
  /** False if it has ended already. No seat holds a slot after it. */
  end(tx: Tx, id: SessionId, ending: Ending): Promise<boolean>
  /** Its time is over then, whatever was said before; for one that has not ended. */
  wait(tx: Tx, id: SessionId, deadlineAt: number): Promise<void>
  /** Whether more may come, of one that has not ended. */
  setDoor(tx: Tx, id: SessionId, door: KeptSession['door']): Promise<void>
  /** Behind the others. */
  addSeat(tx: Tx, id: SessionId, seat: Seat): Promise<void>
  changeSeats(tx: Tx, id: SessionId, changes: readonly SeatChange[]): Promise<void>
  /** The server has said who came, in the report of that number. */
  told(tx: Tx, id: SessionId, seq: number): Promise<void>
  /** What the server chose at the start, where nothing is kept of it yet. */
  choose(tx: Tx, id: SessionId, chosen: unknown): Promise<void>

  /**
   * Writes down that tickets are out, and until when. Only for seats that hold a slot and may have a ticket, and that
   * nobody else holds locked right now: for the others there is no answer.
   */
  stampTickets(tx: Tx, stamp: TicketStamp): Promise<StampedTicket[]>

  glance(tx: Tx, ids: readonly SessionId[]): Promise<Glance[]>
  /** Those whose deadline has passed, longest first. */
  due(tx: Tx, now: number, limit: number): Promise<Glance[]>
  /** Those that wait for a server or for its readiness, oldest first. */
  opening(tx: Tx, limit: number): Promise<Glance[]>
  /** Those that run on a server, by id after `after`. */
  served(tx: Tx, after: SessionId | null, limit: number): Promise<Glance[]>
  /** Sessions with a seat whose slot is to be given back. */
  slotsDue(tx: Tx, now: number, limit: number): Promise<SessionId[]>
  countLive(tx: Tx): Promise<Map<LiveState, number>>

  /** Keeps late news of an ended session, unless `max` are kept of it already. */
  keepLate(tx: Tx, id: SessionId, report: LateReport, max: number): Promise<void>
  lateReports(tx: Tx, id: SessionId): Promise<LateReport[]>
  /** Deletes up to `limit` sessions that ended before `before`; tells how many. */
  removeEnded(tx: Tx, before: number, limit: number): Promise<number>

  seatsOf(tx: Tx, player: PlayerId): Promise<KeptSeat[]>
  /** Takes a player out of an ended session: the seat stays, and nobody sits on it. */
  forget(tx: Tx, id: SessionId, player: PlayerId): Promise<void>
}
