import type { SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../platform/db.ts'
import type { KeptState } from './domain.ts'

/** A server, as far as the laws speak of it. */
export interface ServerRow {
  id: string
  instance: string
  state: KeptState
  capacity: number
  reserved: number
  sessions: number
  /** What the allocator is shown as free, over all modes; null where it is offered for none. */
  free_min: number | null
  free_max: number | null
  /** Null where it is not alive. */
  last_beat_at: number | null
}

export interface AllocationRow {
  session: SessionId
  server: string
  instance: string
  slots: number
  ended_at: number | null
}

/** When some node last looked after the fleet, and since when there has been no gap. */
export interface Attendance {
  swept_at: number
  resumed_at: number
}

const claimColumns = sql.raw('session, server, instance, slots, ended_at')
const tables = sqlOf<unknown>

/** What the fleet keeps of what the laws speak of, for who checks them. */
export const fleetAudit = {
  /** Those that are not gone, and those that are and still count something. */
  async servers(tx: Tx, after: string, max: number): Promise<ServerRow[]> {
    const { rows } = await sql<ServerRow>`
      select s.id, s.instance, s.state, s.capacity, s.reserved, s.sessions, b.last_beat_at,
        (select min(free) from fleet_offers where server = s.id) as free_min,
        (select max(free) from fleet_offers where server = s.id) as free_max
      from fleet_servers s left join fleet_beats b on b.server = s.id
      where s.id > ${after} and (s.state <> 'gone' or s.reserved <> 0 or s.sessions <> 0)
      order by s.id limit ${max}`.execute(tables(tx))
    return rows
  },
  /** Those that have not ended. */
  async allocations(tx: Tx, after: string, max: number): Promise<AllocationRow[]> {
    const { rows } = await sql<AllocationRow>`select ${claimColumns} from fleet_allocations
      where session > ${after} and ended_at is null order by session limit ${max}`.execute(tables(tx))
    return rows
  },
  async allocationsOf(tx: Tx, sessions: readonly string[]): Promise<AllocationRow[]> {
    const { rows } = await sql<AllocationRow>`select ${claimColumns} from fleet_allocations
      where session = any(${sessions}::text[])`.execute(tables(tx))
    return rows
  },
  async attendance(tx: Tx): Promise<Attendance | null> {
    const { rows } = await sql<Attendance>`select swept_at, resumed_at from fleet_sweeps`.execute(tables(tx))
    return rows[0] ?? null
  },
}
