import type { EntryId, MatchId } from '@muster/protocol'
import { memoryOf, rowsIn } from '../../../platform/memory-db/index.ts'
import type { Asks, Entry, Waiter } from '../domain.ts'
import type { EntryChange, EntryStore } from '../store.ts'
import { idsBefore } from './old.ts'
import { type EntryRow, entryTable } from './tables.ts'

/** As JSON has it, and nobody else's. */
const copyOf = (asks: Asks | null): Asks | null => (asks === null ? null : (JSON.parse(JSON.stringify(asks)) as Asks))

const entryOf = (row: EntryRow): Entry => ({
  id: row.id,
  players: [...row.players],
  queues: [...row.queues],
  ratings: [...row.ratings],
  state: row.state,
  reason: row.reason,
  match: row.match,
  version: row.version,
  waitingSince: row.waitingSince,
  front: row.front,
  createdAt: row.createdAt,
  seenAt: row.seenAt,
  asks: copyOf(row.asks),
})

const waiterOf = (row: EntryRow): Waiter => ({
  id: row.id,
  size: row.players.length,
  queues: [...row.queues],
  ratings: [...row.ratings],
  version: row.version,
  waitingSince: row.waitingSince,
  front: row.front,
  seenAt: row.seenAt,
})

/** Rows of one transaction are on one page. */
function pageOf<Item>(rows: EntryRow[], max: number, itemOf: (row: EntryRow) => Item) {
  rows.sort((one, other) => one.changed - other.changed)
  let count = Math.min(rows.length, max)
  while (count > 0 && count < rows.length && rows[count]?.changed === rows[count - 1]?.changed) count++
  const last = count === 0 || count < max ? null : (rows[count - 1]?.changed ?? null)
  return { items: rows.slice(0, count).map(itemOf), next: last === null ? null : String(last + 1) }
}

const isSearching = (row: EntryRow | null): row is EntryRow => row?.state === 'searching'
const isTo = (row: EntryRow | null, { match, from }: EntryChange) => row?.match === match && row.state === from

function changed(
  row: EntryRow,
  { to, reason, heard }: EntryChange,
  { now, excusedTo, writer }: { now: number; excusedTo: number; writer: number },
): EntryRow {
  const next: EntryRow = { ...row, state: to, reason, version: row.version + 1 }
  if (to === 'closed') return { ...next, asks: null }
  if (to !== 'searching') return next
  const excused = row.seenAt >= row.returnedAt ? Math.max(row.seenAt, excusedTo) : row.seenAt
  return { ...next, match: null, front: true, seenAt: heard ? now : excused, returnedAt: now, changed: writer }
}

export const memoryEntries: EntryStore = {
  async addEntries(tx, entries) {
    const rows = rowsIn(tx, entryTable)
    const added: EntryId[] = []
    for (const { id, players, queues, ratings, waitingSince, asks } of entries) {
      const isNew = await rows.insert({
        ...{ id, players: [...players], queues: [...queues], ratings: [...ratings], asks: copyOf(asks) },
        ...{ state: 'searching', reason: null, match: null, version: 1, front: false, changed: memoryOf(tx).writer },
        ...{ waitingSince, createdAt: waitingSince, seenAt: waitingSince, returnedAt: 0 },
      })
      if (isNew) added.push(id)
    }
    return added
  },

  async entriesOf(tx, ids) {
    const rows = rowsIn(tx, entryTable)
    return [...new Set(ids)].flatMap((id) => {
      const row = rows.get(id)
      return row === null ? [] : [entryOf(row)]
    })
  },

  settled: async (tx) => String(memoryOf(tx).engine.settledBefore),

  async searching(tx, from, max) {
    const first = Number(from ?? 0)
    const rows = rowsIn(tx, entryTable).by('searching', 'searching')
    return pageOf(first === 0 ? rows : rows.filter((row) => row.changed >= first), max, waiterOf)
  },

  async waitersOf(tx, ids) {
    const rows = rowsIn(tx, entryTable)
    return [...new Set(ids)].flatMap((id) => {
      const row = rows.get(id)
      return isSearching(row) ? [waiterOf(row)] : []
    })
  },

  async news(tx, from, max) {
    const first = Number(from)
    const { endedBefore } = memoryOf(tx).engine
    const rows = rowsIn(tx, entryTable).by('searching', 'searching')
    const fresh = rows.filter((row) => row.changed >= first && row.changed < endedBefore)
    return pageOf(fresh, max, ({ id, version }) => ({ id, version }))
  },

  async takeForMatches(tx, proposals, to) {
    const rows = rowsIn(tx, entryTable)
    const asked = new Set<string>()
    for (const { entries } of proposals) for (const id of entries) if (isSearching(rows.get(id))) asked.add(id)
    const held = new Map<string, EntryRow>()
    for (const row of await rows.hold([...asked].sort())) if (isSearching(row)) held.set(row.id, row)
    const whole: MatchId[] = []
    for (const { match, entries } of proposals) {
      if (entries.length === 0 || !entries.every((id) => held.has(id))) continue
      whole.push(match)
      for (const id of entries) {
        const row = held.get(id) as EntryRow
        rows.put({ ...row, state: to, match, reason: null, version: row.version + 1 })
      }
    }
    return whole
  },

  async changeEntries(tx, changes, now, excusedTo) {
    const rows = rowsIn(tx, entryTable)
    const asked = new Map<string, EntryChange>()
    for (const change of changes) {
      if (isTo(rows.get(change.entry), change) && !asked.has(change.entry)) asked.set(change.entry, change)
    }
    const done: EntryId[] = []
    for (const row of await rows.hold([...asked.keys()].sort())) {
      const change = asked.get(row.id)
      if (change === undefined || !isTo(row, change)) continue
      rows.put(changed(row, change, { now, excusedTo, writer: memoryOf(tx).writer }))
      done.push(row.id)
    }
    return done
  },

  async closeSearching(tx, ids, reason, unseenSince = Number.POSITIVE_INFINITY) {
    const rows = rowsIn(tx, entryTable)
    const isOut = (row: EntryRow | null) => isSearching(row) && row.seenAt <= unseenSince
    const asked = new Set(ids.filter((id) => isOut(rows.get(id))))
    const closed: Entry[] = []
    for (const row of await rows.hold([...asked].sort())) {
      if (!isOut(row)) continue
      const after: EntryRow = { ...row, state: 'closed', reason, version: row.version + 1, asks: null }
      rows.put(after)
      closed.push(entryOf(after))
    }
    return closed
  },

  async touch(tx, ids, now, unseenSince) {
    const rows = rowsIn(tx, entryTable)
    const quiet = ids.filter((id) => {
      const row = rows.get(id)
      return row !== null && row.state !== 'closed' && row.seenAt < unseenSince
    })
    for (const row of rows.holdFree(quiet)) rows.put({ ...row, seenAt: now })
  },

  async countSearching(tx) {
    const counts = new Map<string, number>()
    for (const { queues, players } of rowsIn(tx, entryTable).by('searching', 'searching')) {
      for (const queue of queues) counts.set(queue, (counts.get(queue) ?? 0) + players.length)
    }
    return counts
  },

  async dropClosed(tx, before, max) {
    const rows = rowsIn(tx, entryTable)
    const held = rows.holdFree(idsBefore(rows, 'closed', before), max)
    for (const { id } of held) rows.remove(id)
    return held.length
  },
}
