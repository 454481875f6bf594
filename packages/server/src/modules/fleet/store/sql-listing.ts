import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { Ending } from '../domain.ts'
import type { DirectoryStore, ServerRow } from '../store.ts'
import type { FleetTables } from './tables.ts'

const rowsOf = (tx: Tx) =>
  sqlOf<FleetTables>(tx)
    .selectFrom('fleet_servers as s')
    .leftJoin('fleet_beats as b', 'b.server', 's.id')
    .leftJoin('fleet_processes as p', 'p.server', 's.id')
    .selectAll('s')
    .select(['b.last_beat_at', 'b.current_players', 'b.load', 'p.output'])

type Row = Awaited<ReturnType<ReturnType<typeof rowsOf>['execute']>>[number]

const shown = (row: Row): ServerRow => ({
  ...{ id: row.id, name: row.name, address: row.address, ports: row.ports, capacity: row.capacity },
  ...{ region: row.region, modes: row.modes, maps: row.maps, labels: row.labels },
  ...{ state: row.state, launched: row.node !== null, sessions: row.sessions, reserved: row.reserved },
  ...{ currentPlayers: row.current_players ?? 0, load: row.load ?? 0, registeredAt: row.registered_at },
  lastBeatAt: row.last_beat_at ?? row.gone_at ?? row.registered_at,
  ...{ goneCause: row.gone_cause as Ending | null, goneDetail: row.gone_detail, output: row.output },
})

export const sqlListing = (): Pick<DirectoryStore, 'list' | 'read'> => ({
  async list(tx, { map, mode, region, labels, gone, after, limit }) {
    let query = rowsOf(tx).orderBy('s.id').limit(limit)
    if (!gone) query = query.where('s.state', '<>', 'gone')
    if (after !== undefined) query = query.where('s.id', '>', after)
    if (region !== undefined) query = query.where('s.region', '=', region)
    if (map !== undefined) query = query.where(sql<boolean>`${map}::integer = any(s.maps)`)
    if (mode !== undefined) query = query.where(sql<boolean>`${mode}::text = any(s.modes)`)
    if (Object.keys(labels).length > 0) {
      query = query.where(sql<boolean>`s.labels @> ${JSON.stringify(labels)}::jsonb`)
    }
    return (await query.execute()).map(shown)
  },

  async read(tx, server, gone) {
    let query = rowsOf(tx).where('s.id', '=', server)
    if (!gone) query = query.where('s.state', '<>', 'gone')
    const row = await query.executeTakeFirst()
    return row === undefined ? null : shown(row)
  },
})
