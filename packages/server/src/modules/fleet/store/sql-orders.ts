import type { PlayerId, ServerId, SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import { type KickOrder, strayReason } from '../domain.ts'
import type { DirectoryStore, KeptOrders } from '../store.ts'
import type { FleetTables } from './tables.ts'

const tables = (tx: Tx) => sqlOf<FleetTables>(tx)

/** A whole session's kick has no player. */
const playersOf = (kicks: readonly KickOrder[]) => kicks.map((kick) => kick.player ?? '')
const sessionsOf = (kicks: readonly KickOrder[]) => kicks.map((kick) => kick.session)

export const sqlOrders = (): Pick<DirectoryStore, 'ordersOf' | 'straysOf' | 'markKicksTold' | 'dropKicks'> => ({
  async ordersOf(tx, servers) {
    const live = await sql<{ id: string; instance: string; draining: boolean }>`
      select id, instance, state = 'draining' as draining from fleet_servers
      where id = any(${servers}::text[]) and state <> 'gone'`.execute(tables(tx))
    const orders = new Map<string, KeptOrders>(
      live.rows.map(({ id, instance, draining }) => [id, { instance, assign: [], kick: [], drain: draining }]),
    )
    const assigned = await sql<{ server: string; session: SessionId; mode: string; slots: number; brief: unknown }>`
      select server, session, mode, slots, brief from fleet_allocations
      where server = any(${servers}::text[]) and ended_at is null and ready_at is null order by created_at, session
    `.execute(tables(tx))
    for (const { server, ...assignment } of assigned.rows) orders.get(server)?.assign.push(assignment)
    const kicked = await tables(tx)
      .selectFrom('fleet_kicks')
      .selectAll()
      .where((where) => sql<boolean>`${where.ref('server')} = any(${servers}::text[])`)
      .orderBy('created_at')
      .execute()
    for (const row of kicked) {
      orders.get(row.server)?.kick.push({
        session: row.session as SessionId,
        player: row.player === '' ? null : (row.player as PlayerId),
        reason: row.reason,
        createdAt: row.created_at,
        told: row.told_at !== null,
      })
    }
    return orders
  },

  async straysOf(tx, named) {
    const { rows } = await sql<{ server: ServerId; session: SessionId; reason: string; created_at: number }>`
      select distinct n.server, n.session, coalesce(a.cause, a.detail, ${strayReason}) as reason,
        coalesce(a.ended_at, 0) as created_at
      from unnest(${named.map(({ server }) => server)}::text[], ${named.map(({ session }) => session)}::text[])
          as n (server, session)
        left join fleet_allocations a on a.session = n.session and a.server = n.server
      where a.session is null or a.ended_at is not null
      order by created_at, n.session`.execute(tables(tx))
    const strays = new Map<ServerId, KickOrder[]>()
    for (const { server, session, reason, created_at: createdAt } of rows) {
      strays.set(server, [...(strays.get(server) ?? []), { session, player: null, reason, createdAt }])
    }
    return strays
  },

  async markKicksTold(tx, now, server, kicks) {
    await sql`
      update fleet_kicks k set told_at = ${now}
      from unnest(${sessionsOf(kicks)}::text[], ${playersOf(kicks)}::text[]) as told (session, player)
      where k.server = ${server} and k.session = told.session and k.player = told.player and k.told_at is null
    `.execute(tables(tx))
  },

  async dropKicks(tx, server, kicks) {
    await sql`
      delete from fleet_kicks k
      using unnest(${sessionsOf(kicks)}::text[], ${playersOf(kicks)}::text[]) as done (session, player)
      where k.server = ${server} and k.session = done.session and k.player = done.player`.execute(tables(tx))
  },
})
