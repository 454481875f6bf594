import type { SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import { type Allocation, type Ending, endings, type KeptState, shownState } from '../domain.ts'
import type { AllocationStore } from '../store.ts'
import { freeSlots } from './free-slots.ts'
import type { FleetTables } from './tables.ts'

const tables = (tx: Tx) => sqlOf<FleetTables>(tx)

interface ReservedRow {
  server: string
  instance: string
  host: string
  port: number
  region: string | null
  fresh: boolean
}

interface ConfirmedRow {
  server: string
  created_at: number
  launched: boolean
  mode: string
  given: number
}

interface ViewRow extends Omit<ReservedRow, 'fresh'> {
  session: SessionId
  ready_at: number | null
  ended_at: number | null
  cause: Ending | null
  state: KeptState | null
  sessions: number | null
}

export const sqlAllocations = (): AllocationStore => ({
  async reserve(tx, claim, now) {
    const { session, mode, region, slots, brief } = claim
    const { rows } = await sql<ReservedRow>`
      select * from fleet_reserve(${session}, ${mode}, ${region}, ${slots}, ${JSON.stringify(brief)}, ${now})`.execute(
      tables(tx),
    )
    const row = rows[0]
    if (row === undefined) return null
    const { fresh, ...allocated } = row
    return { allocation: { session, ...allocated }, fresh }
  },

  async reserveTogether(tx, { mode, region, slots, sessions }, now) {
    const ids = sessions.map(({ session }) => session)
    const briefs = sessions.map(({ brief }) => JSON.stringify(brief))
    const { rows } = await sql<Allocation>`
      select * from fleet_reserve_together(${ids}, ${mode}, ${region}, ${slots}, ${briefs}, ${now})`.execute(tables(tx))
    return rows
  },

  async addSlots(tx, session, count) {
    const { rows } = await sql`
      with claim as (
        select server, instance from fleet_allocations where session = ${session} and ended_at is null for update),
      taken as (
        update fleet_servers s set reserved = s.reserved + ${count}::integer from claim
        where s.id = claim.server and s.instance = claim.instance and s.state <> 'gone'
          and s.reserved + ${count}::integer <= s.capacity
        returning s.id, ${sql.raw(freeSlots)} as free),
      offered as (update fleet_offers o set free = taken.free from taken where o.server = taken.id)
      update fleet_allocations a set slots = a.slots + ${count}::integer from taken
      where a.session = ${session} returning a.session`.execute(tables(tx))
    return rows.length > 0
  },

  async freeSlots(tx, session, count) {
    await sql`
      with claim as (
        select server, instance, least(slots, ${count}::integer) as given from fleet_allocations
        where session = ${session} and ended_at is null for update),
      freed as (
        update fleet_servers s set reserved = s.reserved - claim.given from claim
        where s.id = claim.server and s.instance = claim.instance and s.state <> 'gone'
        returning s.id, ${sql.raw(freeSlots)} as free, claim.given),
      offered as (update fleet_offers o set free = freed.free from freed where o.server = freed.id)
      update fleet_allocations a set slots = a.slots - freed.given from freed where a.session = ${session}
    `.execute(tables(tx))
  },

  async confirm(tx, session, port, now) {
    const { rows } = await sql<ConfirmedRow>`
      with confirmed as (
        update fleet_allocations a set ready_at = ${now}, port = coalesce(${port}::integer, a.port)
        where a.session = ${session} and a.ended_at is null and a.ready_at is null
        returning a.server, a.created_at),
      opened as (
        update fleet_servers s set state = 'ready' from confirmed where s.id = confirmed.server and s.state = 'starting')
      select c.server, c.created_at, s.node is not null as launched, before.mode, before.port as given
      from confirmed c join fleet_servers s on s.id = c.server
        -- As it was when the statement began.
        join fleet_allocations before on before.session = ${session}`.execute(tables(tx))
    const row = rows[0]
    if (row === undefined) return null
    const { server, launched, mode, given } = row
    return { server, launched, createdAt: row.created_at, mode, given }
  },

  async release(tx, session, why, now) {
    const { rows } = await sql<{ server: string; launched: boolean; idle: boolean }>`
      select * from fleet_release(${session}, ${why}, ${now})`.execute(tables(tx))
    return rows[0] ?? null
  },

  async kick(tx, session, player, reason, now) {
    const { rows } = await sql<{ server: string }>`
      insert into fleet_kicks (server, session, player, reason, created_at)
      select server, session, ${player}, ${reason}, ${now} from fleet_allocations
      where session = ${session} and ended_at is null
      on conflict (server, session, player) do update set
        reason = excluded.reason, created_at = excluded.created_at, told_at = null
      returning server`.execute(tables(tx))
    return rows[0]?.server ?? null
  },

  async viewOf(tx, sessions) {
    const { rows } = await sql<ViewRow>`
      select a.session, a.server, a.instance, a.host, a.port, a.region, a.ready_at, a.ended_at, a.cause,
        s.state, s.sessions
      from fleet_allocations a left join fleet_servers s on s.id = a.server and s.instance = a.instance
      where a.session = any(${sessions}::text[])`.execute(tables(tx))
    return new Map(
      rows.map((row) => {
        const { session, server, instance, host, port, region, cause } = row
        const state = row.ended_at !== null || row.state === null ? 'gone' : shownState(row.state, row.sessions ?? 0)
        const failure = cause === null ? null : endings[cause]
        return [session, { server, instance, state, ready: row.ready_at !== null, host, port, region, cause, failure }]
      }),
    )
  },
})
