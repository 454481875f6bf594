import type { SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { ClaimState, ClusterClaim, ClusterStore, OverClaim, TakenServer } from '../agones/cluster/store.ts'
import type { FleetTables } from './tables.ts'

const tables = (tx: Tx) => sqlOf<FleetTables>(tx)
/** Who waits looks often; that it still waits need not be written down as often. */
const wantedEveryMs = 1_000

/** The server's place in the fleet, as a node's name is that of a machine. */
const nodeOf = (cluster: string) => `agones/${cluster}`

export const sqlClusters = (): ClusterStore => ({
  async want(tx, claim, now) {
    const known = await tables(tx)
      .selectFrom('fleet_cluster_claims')
      .select(['state', 'full', 'wanted_at'])
      .where('session', '=', claim.session)
      .executeTakeFirst()
    if (known === undefined) {
      await tables(tx)
        .insertInto('fleet_cluster_claims')
        .values({
          ...{ session: claim.session, server: claim.server, instance: claim.instance, cluster: claim.cluster },
          ...{ mode: claim.mode, region: claim.region, slots: claim.slots, brief: JSON.stringify(claim.brief) },
          ...{ state: 'asked', full: false, name: null, host: null, port: null, try_at: now, wanted_at: now },
        })
        .onConflict((conflict) => conflict.column('session').doNothing())
        .execute()
      return { state: 'asked', full: false }
    }
    if (known.state !== 'over' && known.wanted_at + wantedEveryMs <= now) {
      await tables(tx)
        .updateTable('fleet_cluster_claims')
        .set({ wanted_at: now, slots: claim.slots })
        .where('session', '=', claim.session)
        .where('state', '<>', 'over')
        .execute()
    }
    return { state: known.state, full: known.full }
  },

  async take(tx, { session, ready, now }) {
    const row = await tables(tx)
      .updateTable('fleet_cluster_claims')
      .set({ state: 'taken' })
      .where('session', '=', session)
      .where('state', '=', 'given')
      .returning(['server', 'instance', 'cluster', 'mode', 'region', 'slots', 'brief', 'name', 'host', 'port'])
      .executeTakeFirst()
    if (row === undefined || row.host === null || row.port === null) return null
    const { server, instance, mode, region, slots, host, port } = row
    const claimed = await tables(tx)
      .insertInto('fleet_allocations')
      .values({
        ...{ session, server, instance, mode, region, host, port, slots, brief: JSON.stringify(row.brief) },
        ...{ created_at: now, ready_at: ready ? now : null, ended_at: null, cause: null, detail: null },
      })
      .onConflict((conflict) => conflict.column('session').doNothing())
      .returning('session')
      .executeTakeFirst()
    if (claimed === undefined) {
      await sql`update fleet_cluster_claims set state = 'over', brief = 'null', try_at = ${now}
        where session = ${session}`.execute(tables(tx))
      return null
    }
    await sql`update fleet_cluster_claims set brief = 'null' where session = ${session}`.execute(tables(tx))
    await tables(tx).insertInto('fleet_beats').values({ server, instance, key: null, last_beat_at: now }).execute()
    await tables(tx)
      .insertInto('fleet_servers')
      .values({
        ...{ id: server, instance, key: null, node: nodeOf(row.cluster), name: row.name ?? server, address: host },
        ...{ state: ready ? 'ready' : 'starting', ports: JSON.stringify({ game: port }) as never, game_port: port },
        ...{ capacity: slots, reserved: slots, sessions: 1, region, modes: [mode], maps: [], labels: '{}' as never },
        ...{ registered_at: now, gone_at: null, gone_cause: null, gone_detail: null },
      })
      .execute()
    return { session, server, instance, host, port, region }
  },

  async due(tx, { clusters, now, leaseMs, limit }) {
    const { rows } = await sql<ClusterClaim>`
      update fleet_cluster_claims set try_at = ${now + leaseMs} where session in (
        select session from fleet_cluster_claims
        where state = 'asked' and try_at <= ${now} and cluster = any(${[...clusters]}::text[])
        order by try_at limit ${limit} for update skip locked)
      returning session, server, instance, cluster, mode, region, slots, brief`.execute(tables(tx))
    return rows
  },

  async give(tx, { session, name, host, port }) {
    const row = await tables(tx)
      .updateTable('fleet_cluster_claims')
      .set({ state: 'given', full: false, name, host, port })
      .where('session', '=', session)
      .where('state', '=', 'asked')
      .returning('session')
      .executeTakeFirst()
    return row !== undefined
  },

  async putOff(tx, { session, full, at }) {
    await tables(tx)
      .updateTable('fleet_cluster_claims')
      .set({ full, try_at: at })
      .where('session', '=', session)
      .where('state', '=', 'asked')
      .execute()
  },

  async taken(tx, cluster, after, limit) {
    const { rows } = await sql<TakenServer>`
      select c.session, c.server, coalesce(c.name, '') as name, coalesce(s.state, 'gone') as state
      from fleet_cluster_claims c left join fleet_servers s on s.id = c.server and s.instance = c.instance
      where c.state = 'taken' and c.cluster = ${cluster} and c.session > ${after}
      order by c.session limit ${limit}`.execute(tables(tx))
    return rows
  },

  async drop(tx, { wantedBefore, now }) {
    // Somebody may be asking for it: what comes of that is known when the lease is over.
    const dropped = await sql`update fleet_cluster_claims set state = 'over', brief = 'null',
      try_at = greatest(try_at, ${now})
      where state in ('asked', 'given') and wanted_at < ${wantedBefore}`.execute(tables(tx))
    return Number(dropped.numAffectedRows ?? 0)
  },

  async finish(tx, servers, dueAt) {
    await sql`update fleet_cluster_claims set state = 'over', try_at = ${dueAt}
      where server = any(${[...servers]}::text[]) and state = 'taken'`.execute(tables(tx))
  },

  async overdue(tx, { clusters, now, leaseMs, limit }) {
    const { rows } = await sql<OverClaim & { cluster: string }>`
      update fleet_cluster_claims set try_at = ${now + leaseMs} where session in (
        select session from fleet_cluster_claims
        where state = 'over' and try_at <= ${now} and cluster = any(${[...clusters]}::text[])
        order by try_at limit ${limit} for update skip locked)
      returning session, name, cluster`.execute(tables(tx))
    return rows
  },

  async forget(tx, sessions) {
    await tables(tx)
      .deleteFrom('fleet_cluster_claims')
      .where('session', 'in', sessions as SessionId[])
      .where('state', '=', 'over' satisfies ClaimState)
      .execute()
  },
})
