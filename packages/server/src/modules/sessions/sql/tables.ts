import type { PlayerId, SessionId, SessionState } from '@muster/protocol'
import type { Kysely } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { Seat } from '../seats.ts'
import type { KeptSession } from '../store.ts'

export interface SessionsTables {
  sessions_sessions: {
    id: SessionId
    kind: KeptSession['kind']
    mode: string
    match: KeptSession['match']
    region: string | null
    board: string | null
    settings: unknown
    chosen: unknown
    state: SessionState
    cause: KeptSession['cause']
    detail: string | null
    door: KeptSession['door']
    players_max: number | null
    told: boolean
    players_seq: number
    ticket_life_ms: number
    deadline_at: number | null
    server: string | null
    instance: string | null
    host: string | null
    port: number | null
    requested_at: number
    loading_at: number | null
    started_at: number | null
    ended_at: number | null
  }
  sessions_seats: {
    session: SessionId
    player: PlayerId
    position: number
    nick: string
    guest: boolean
    team: number
    role: Seat['role']
    state: Seat['state']
    origin_kind: 'entry' | 'session' | null
    origin_id: string | null
    slot: boolean
    slot_ends_at: number | null
    ticket_ends_at: number | null
    joined_at: number | null
    gave_up_at: number | null
    erased: boolean
  }
  sessions_late_reports: { id: number; session: SessionId; kind: string; body: unknown; at: number }
}

export const tables = (tx: Tx): Kysely<SessionsTables> => sqlOf<SessionsTables>(tx)

/** As a jsonb column takes it. */
export const json = (value: unknown): string | null =>
  value === undefined || value === null ? null : JSON.stringify(value)

export type SessionRow = Omit<SessionsTables['sessions_sessions'], 'ticket_life_ms'>
export type SeatRow = SessionsTables['sessions_seats']

export const sessionOf = (row: SessionRow, seats: Seat[]): KeptSession => ({
  id: row.id,
  kind: row.kind,
  mode: row.mode,
  match: row.match,
  region: row.region,
  board: row.board,
  settings: row.settings,
  chosen: row.chosen,
  state: row.state,
  cause: row.cause,
  detail: row.detail,
  door: row.door,
  playersMax: row.players_max,
  told: row.told,
  playersSeq: row.players_seq,
  deadlineAt: row.deadline_at,
  server: row.server,
  instance: row.instance,
  host: row.host,
  port: row.port,
  requestedAt: row.requested_at,
  loadingAt: row.loading_at,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  seats,
})

export const seatOf = (row: SeatRow): Seat => ({
  player: row.player,
  nick: row.nick,
  guest: row.guest,
  team: row.team,
  role: row.role,
  state: row.state,
  origin: row.origin_kind === null || row.origin_id === null ? null : { kind: row.origin_kind, id: row.origin_id },
  slot: row.slot,
  slotEndsAt: row.slot_ends_at,
  ticketEndsAt: row.ticket_ends_at,
  joinedAt: row.joined_at,
  gaveUpAt: row.gave_up_at,
  erased: row.erased,
})

export const seatRow = (session: SessionId, seat: Seat, position: number): SeatRow => ({
  session,
  player: seat.player,
  position,
  nick: seat.nick,
  guest: seat.guest,
  team: seat.team,
  role: seat.role,
  state: seat.state,
  origin_kind: seat.origin?.kind ?? null,
  origin_id: seat.origin?.id ?? null,
  slot: seat.slot,
  slot_ends_at: seat.slotEndsAt,
  ticket_ends_at: seat.ticketEndsAt,
  joined_at: seat.joinedAt,
  gave_up_at: seat.gaveUpAt,
  erased: seat.erased,
})
