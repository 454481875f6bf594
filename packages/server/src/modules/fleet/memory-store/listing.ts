import type { ServerId } from '@muster/protocol'
import type { Tx } from '../../../platform/db.ts'
import { rowsIn } from '../../../platform/memory-db/index.ts'
import type { Ending } from '../domain.ts'
import type { DirectoryStore, ServerFilter, ServerRow } from '../store.ts'
import { beats, type KeptServer, processes, servers } from './tables.ts'

function shown(tx: Tx, row: KeptServer): ServerRow {
  const beat = rowsIn(tx, beats).get(row.id)
  return {
    ...{ id: row.id as ServerId, name: row.name, address: row.address, ports: row.ports, capacity: row.capacity },
    ...{ region: row.region, modes: row.modes, maps: row.maps, labels: row.labels },
    ...{ state: row.state, launched: row.node !== null, sessions: row.sessions, reserved: row.reserved },
    ...{ currentPlayers: beat?.current_players ?? 0, load: beat?.load ?? 0, registeredAt: row.registered_at },
    lastBeatAt: beat?.last_beat_at ?? row.gone_at ?? row.registered_at,
    ...{ goneCause: row.gone_cause as Ending | null, goneDetail: row.gone_detail },
    output: rowsIn(tx, processes).get(row.id)?.output ?? null,
  }
}

const isWanted = (row: KeptServer, { map, mode, region, labels, after }: ServerFilter): boolean =>
  (after === undefined || row.id > after) &&
  (region === undefined || row.region === region) &&
  (map === undefined || row.maps.includes(map)) &&
  (mode === undefined || row.modes.includes(mode)) &&
  Object.entries(labels).every(([name, value]) => Object.hasOwn(row.labels, name) && row.labels[name] === value)

export const memoryListing = (): Pick<DirectoryStore, 'list' | 'read'> => ({
  async list(tx, filter) {
    const rows = rowsIn(tx, servers)
    const found = (filter.gone ? rows.all() : rows.by('live', 'all')).filter((row) => isWanted(row, filter))
    return found
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, filter.limit)
      .map((row) => shown(tx, row))
  },

  async read(tx, server, gone) {
    const row = rowsIn(tx, servers).get(server)
    return row === null || (row.state === 'gone' && !gone) ? null : shown(tx, row)
  },
})
