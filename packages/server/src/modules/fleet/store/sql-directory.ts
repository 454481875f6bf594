import type { KeyId, SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import { modesOffered, shownState } from '../domain.ts'
import type { DirectoryStore, EndRequest } from '../store.ts'
import type { FleetTables } from './tables.ts'

const tables = (tx: Tx) => sqlOf<FleetTables>(tx)
const sweepName = 'servers'

/** Everybody locks in one order: allocations, then beats, then servers. */
const lockAllocationsOf = (tx: Tx, servers: readonly string[]) =>
  sql`select session from fleet_allocations where server = any(${servers}::text[]) and ended_at is null
      order by session for update`.execute(tables(tx))

async function loseSessions(tx: Tx, servers: readonly string[], why: Pick<EndRequest, 'cause' | 'detail' | 'now'>) {
  const lost = await sql<{ server: string; session: SessionId }>`
    update fleet_allocations set ended_at = ${why.now}, cause = ${why.cause}, detail = ${why.detail}, brief = 'null'
    where server = any(${servers}::text[]) and ended_at is null returning server, session`.execute(tables(tx))
  return lost.rows
}

async function withdraw(tx: Tx, servers: readonly string[]): Promise<void> {
  await sql`delete from fleet_offers where server = any(${servers}::text[])`.execute(tables(tx))
  await sql`delete from fleet_kicks where server = any(${servers}::text[])`.execute(tables(tx))
}

export const sqlDirectory = (): Omit<
  DirectoryStore,
  'ordersOf' | 'straysOf' | 'markKicksTold' | 'dropKicks' | 'list' | 'read'
> => ({
  async register(tx, server) {
    const { id, instance, key, now } = server
    await lockAllocationsOf(tx, [id])
    const beat = { instance, key, last_beat_at: now, current_players: 0, load: 0 }
    const own = await tables(tx)
      .insertInto('fleet_beats')
      .values({ server: id, ...beat })
      .onConflict((conflict) =>
        conflict.column('server').doUpdateSet(beat).whereRef('fleet_beats.key', '=', 'excluded.key'),
      )
      .returning('server')
      .executeTakeFirst()
    if (own === undefined) return null
    const row = {
      ...{ instance, key, node: null, name: server.name, state: 'ready' as const, address: server.address },
      ...{ ports: JSON.stringify(server.ports) as never, game_port: server.gamePort, capacity: server.capacity },
      ...{
        reserved: 0,
        sessions: 0,
        sessions_max: server.sessionsMax ?? null,
        region: server.region,
        modes: [...server.modes],
        maps: [...server.maps],
      },
      ...{ labels: JSON.stringify(server.labels) as never, registered_at: now },
      ...{ gone_at: null, gone_cause: null, gone_detail: null },
    }
    await tables(tx)
      .insertInto('fleet_servers')
      .values({ id, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute()
    const lost = await loseSessions(tx, [id], { cause: 'restarted', detail: null, now })
    await withdraw(tx, [id])
    const offers = modesOffered(server).map((mode) => ({
      ...{ server: id, mode, region: server.region, free: server.capacity },
    }))
    if (offers.length > 0) await tables(tx).insertInto('fleet_offers').values(offers).execute()
    return lost.map((row) => row.session)
  },

  async beat(tx, now, beats) {
    const sorted = [...beats].sort((a, b) => (a.server < b.server ? -1 : 1))
    const { rows } = await sql<{ server: string; key: KeyId }>`
      update fleet_beats b set last_beat_at = ${now}, current_players = said.players, load = said.load
      from unnest(${sorted.map((one) => one.server)}::text[], ${sorted.map((one) => one.key)}::text[],
        ${sorted.map((one) => one.currentPlayers)}::integer[], ${sorted.map((one) => one.load)}::double precision[])
        as said (server, key, players, load)
      where b.server = said.server and b.key = said.key returning b.server, b.key`.execute(tables(tx))
    return new Map(rows.map((row) => [row.server, row.key]))
  },

  async registrantOf(tx, server) {
    const row = await tables(tx).selectFrom('fleet_beats').select('key').where('server', '=', server).executeTakeFirst()
    return row === undefined ? undefined : row.key
  },

  async drain(tx, server) {
    const drained = await tables(tx)
      .updateTable('fleet_servers')
      .set({ state: 'draining' })
      .where('id', '=', server)
      .where('state', '<>', 'gone')
      .returning('id')
      .executeTakeFirst()
    if (drained === undefined) return false
    await tables(tx).deleteFrom('fleet_offers').where('server', '=', server).execute()
    return true
  },

  async end(tx, request) {
    const { servers, cause, detail, now, silentSince, onlyStarting } = request
    if (servers.length === 0) return []
    await lockAllocationsOf(tx, servers)
    const living = await sql<{ server: string }>`
      select server from fleet_beats where server = any(${servers}::text[])
      and last_beat_at < ${silentSince ?? Number.MAX_SAFE_INTEGER} order by server for update`.execute(tables(tx))
    const ended = await sql<{ server: string; node: string | null }>`
      update fleet_servers
      set state = 'gone', reserved = 0, sessions = 0, gone_at = ${now}, gone_cause = ${cause}, gone_detail = ${detail}
      where id = any(${living.rows.map((row) => row.server)}::text[]) and state <> 'gone'
        and (state = 'starting' or not ${onlyStarting === true}::boolean)
      returning id as server, node`.execute(tables(tx))
    if (ended.rows.length === 0) return []
    const ids = ended.rows.map((row) => row.server)
    await sql`delete from fleet_beats where server = any(${ids}::text[])`.execute(tables(tx))
    const lost = await loseSessions(tx, ids, request)
    await withdraw(tx, ids)
    return ended.rows.map(({ server, node }) => ({
      ...{ server, node, lost: lost.filter((one) => one.server === server).map((one) => one.session) },
    }))
  },

  async markSwept(tx, now, outageMs) {
    const { rows } = await sql<{ resumed_at: number }>`
      insert into fleet_sweeps as s (name, swept_at, resumed_at) values (${sweepName}, ${now}, ${now})
      on conflict (name) do update set
        resumed_at = case when s.swept_at < ${now - outageMs} then excluded.resumed_at else s.resumed_at end,
        swept_at = greatest(s.swept_at, excluded.swept_at)
      returning resumed_at`.execute(tables(tx))
    return rows[0]?.resumed_at ?? now
  },

  async silentSince(tx, atMs, limit) {
    const rows = await tables(tx)
      .selectFrom('fleet_beats')
      .select('server')
      .where('last_beat_at', '<', atMs)
      .orderBy('server')
      .limit(limit)
      .execute()
    return rows.map((row) => row.server)
  },

  async purge(tx, { endedBefore, kicksBefore, limit }) {
    const removals = [
      sql`delete from fleet_allocations where session in (
            select session from fleet_allocations where ended_at < ${endedBefore} limit ${limit} for update skip locked)`,
      sql`delete from fleet_processes where server in (
            select server from fleet_processes where ended_at < ${endedBefore} limit ${limit} for update skip locked)`,
      sql`delete from fleet_servers where id in (
            select id from fleet_servers where gone_at < ${endedBefore} limit ${limit} for update skip locked)`,
      sql`delete from fleet_kicks where (server, session, player) in (
            select server, session, player from fleet_kicks where created_at < ${kicksBefore} limit ${limit}
            for update skip locked)`,
    ]
    let removed = 0
    for (const removal of removals) removed += Number((await removal.execute(tables(tx))).numAffectedRows ?? 0)
    return removed
  },

  async counts(tx) {
    const { rows } = await sql<{ state: 'starting' | 'ready' | 'draining'; busy: boolean; count: number }>`
      select state, sessions > 0 as busy, count(*) as count from fleet_servers where state <> 'gone' group by 1, 2
    `.execute(tables(tx))
    const counts = new Map<'starting' | 'ready' | 'allocated' | 'draining', number>()
    for (const { state, busy, count } of rows) {
      const shown = shownState(state, busy ? 1 : 0)
      if (shown !== 'gone') counts.set(shown, (counts.get(shown) ?? 0) + count)
    }
    return counts
  },
})
