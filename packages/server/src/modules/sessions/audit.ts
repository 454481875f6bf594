import type { PlayerId, SessionId, SessionState } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../platform/db.ts'
import { liveStates } from './domain.ts'

/** A session, as far as the laws speak of it. */
export interface SessionRow {
  id: SessionId
  match: string | null
  state: SessionState
  deadline_at: number | null
  server: string | null
  instance: string | null
  ended_at: number | null
}

export interface SeatRow {
  session: SessionId
  player: PlayerId
  slot: boolean
  slot_ends_at: number | null
  ticket_ends_at: number | null
  gave_up_at: number | null
}

const columns = sql.raw('id, match, state, deadline_at, server, instance, ended_at')
const tables = sqlOf<unknown>

/** What sessions keep of what the laws speak of, for who checks them. */
export const sessionsAudit = {
  /** Those that are live by any sign, and those that ended and still hold a slot. */
  async sessions(tx: Tx, after: string, max: number): Promise<SessionRow[]> {
    const { rows } = await sql<SessionRow>`select ${columns} from sessions_sessions there
      where id > ${after} and (ended_at is null or state = any(${liveStates}::text[])
        or exists (select from sessions_seats where session = there.id and slot))
      order by id limit ${max}`.execute(tables(tx))
    return rows
  },
  async sessionsOf(tx: Tx, ids: readonly string[]): Promise<SessionRow[]> {
    const { rows } = await sql<SessionRow>`select ${columns} from sessions_sessions
      where id = any(${ids}::text[])`.execute(tables(tx))
    return rows
  },
  async seatsOf(tx: Tx, ids: readonly string[]): Promise<SeatRow[]> {
    const { rows } = await sql<SeatRow>`
      select session, player, slot, slot_ends_at, ticket_ends_at, gave_up_at from sessions_seats
      where session = any(${ids}::text[])`.execute(tables(tx))
    return rows
  },
  async completed(tx: Tx, after: string, max: number): Promise<{ id: SessionId }[]> {
    const { rows } = await sql<{ id: SessionId }>`select id from sessions_sessions
      where id > ${after} and state = 'completed' order by id limit ${max}`.execute(tables(tx))
    return rows
  },
}
