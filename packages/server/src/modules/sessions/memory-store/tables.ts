import type { MatchId, PlayerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../../platform/db.ts'
import { memorySequence, memoryTable, type Rows, rowsIn } from '../../../platform/memory-db/index.ts'
import { isLive } from '../domain.ts'
import type { Seat } from '../seats.ts'
import type { Glance, KeptSession, LateReport } from '../store.ts'

export interface SessionRow {
  kept: Omit<KeptSession, 'seats'>
  ticketLifeMs: number
  /** In their order. */
  seatKeys: readonly string[]
}

/** Called by its position, for its player may be forgotten. */
export interface SeatRow {
  session: SessionId
  position: number
  seat: Seat
}

export interface LateRow {
  id: number
  session: SessionId
  report: LateReport
}

const sessionTable = memoryTable<SessionRow>(
  'sessions_sessions',
  ({ kept }) => kept.id,
  { live: ({ kept }) => (isLive(kept.state) ? [kept.state] : []) },
  {
    due: ({ kept }) => (kept.endedAt === null && kept.deadlineAt !== null ? [kept.deadlineAt, kept.id] : null),
    opening: ({ kept }) =>
      kept.state === 'requested' || kept.state === 'preparing' ? [kept.requestedAt, kept.id] : null,
    served: ({ kept }) => (kept.state === 'loading' || kept.state === 'in_progress' ? [kept.id] : null),
    ended: ({ kept }) => (kept.endedAt === null ? null : [kept.endedAt, kept.id]),
  },
)

/** Which session a match has: its own row, as it is unique. */
const matchTable = memoryTable<{ match: MatchId; session: SessionId }>('sessions_matches', ({ match }) => match)

const seatTable = memoryTable<SeatRow>(
  'sessions_seats',
  ({ session, position }) => seatKey(session, position),
  { player: ({ seat }) => [seat.player] },
  {
    slots: ({ seat, session, position }) =>
      seat.slot && seat.slotEndsAt !== null ? [seat.slotEndsAt, session, position] : null,
  },
)

const lateTable = memoryTable<LateRow>('sessions_late_reports', ({ id }) => String(id), {
  session: ({ session }) => [session],
})

export const sessionsIn = (tx: Tx): Rows<SessionRow> => rowsIn(tx, sessionTable)
export const matchesIn = (tx: Tx) => rowsIn(tx, matchTable)
export const seatsIn = (tx: Tx): Rows<SeatRow> => rowsIn(tx, seatTable)
export const lateIn = (tx: Tx): Rows<LateRow> => rowsIn(tx, lateTable)
export const nextLate = memorySequence()

export const seatKey = (session: SessionId, position: number): string => `${session} ${position}`

export const seatsOf = (seats: Rows<SeatRow>, session: SessionRow): SeatRow[] =>
  session.seatKeys.map((key) => seats.get(key) as SeatRow)

export const lateKeysOf = (late: Rows<LateRow>, session: SessionId): string[] =>
  late
    .by('session', session)
    .sort((one, other) => one.id - other.id)
    .map(({ id }) => String(id))

/** What a session's row says beside its seats, changed. */
export const changed = (row: SessionRow, over: Partial<SessionRow['kept']>): SessionRow => ({
  ...row,
  kept: { ...row.kept, ...over },
})

/** The rows are values, so whoever reads is given copies. */
export const sessionOf = ({ kept }: SessionRow, seats: readonly SeatRow[]): KeptSession => ({
  ...kept,
  seats: seats.map(({ seat }) => copyOf(seat)),
})

export const copyOf = (seat: Seat): Seat => ({
  player: seat.player,
  nick: seat.nick,
  guest: seat.guest,
  team: seat.team,
  role: seat.role,
  state: seat.state,
  origin: seat.origin === null ? null : { kind: seat.origin.kind, id: seat.origin.id },
  slot: seat.slot,
  slotEndsAt: seat.slotEndsAt,
  ticketEndsAt: seat.ticketEndsAt,
  joinedAt: seat.joinedAt,
  gaveUpAt: seat.gaveUpAt,
  erased: seat.erased,
})

export const glanceOf = ({ kept }: SessionRow): Glance => ({
  id: kept.id,
  mode: kept.mode,
  region: kept.region,
  state: kept.state,
  deadlineAt: kept.deadlineAt,
})

export const byPlayer = (player: PlayerId, seats: Rows<SeatRow>): SeatRow[] =>
  seats.by('player', player).sort((one, other) => (one.session < other.session ? -1 : 1))
