import type { Tx } from '../../../platform/db.ts'
import { type Rows, rowsIn, type Table } from '../../../platform/memory-db/index.ts'
import { type KeptServer, offers, servers } from './tables.ts'

/** As PostgreSQL says it. */
const violated = (what: string, code: '23505' | '23514') => Object.assign(new Error(`${what} is violated`), { code })

/** Adds a row that must not be there yet. */
export async function add<Row>(tx: Tx, table: Table<Row>, row: Row): Promise<void> {
  if (!(await rowsIn(tx, table).insert(row))) throw violated(`The key of ${table.name}`, '23505')
}

/** Adds a row, or holds the one that is there and makes of it what `change` says; null leaves it as it is. What is there
 *  afterwards, null where it was left. */
export async function addOrChange<Row>(
  tx: Tx,
  table: Table<Row>,
  row: Row,
  change: (known: Row) => Row | null,
): Promise<Row | null> {
  const rows = rowsIn(tx, table)
  const key = [table.keyOf(row)]
  for (;;) {
    if (await rows.insert(row)) return row
    const [known] = await rows.hold(key)
    // Whoever held it may have removed it.
    if (known === undefined) continue
    const changed = change(known)
    if (changed !== null) rows.put(changed)
    return changed
  }
}

/** Holds those that fit and changes them; as they are then. What does not fit at first is passed by, and what no longer
 *  fits once it is held stays as it is. */
export async function change<Row>(
  rows: Rows<Row>,
  keys: readonly string[],
  fits: (row: Row) => boolean,
  changed: (row: Row) => Row,
): Promise<Row[]> {
  const isFit = (key: string) => {
    const row = rows.get(key)
    return row !== null && fits(row)
  }
  const done: Row[] = []
  for (const key of keys.filter(isFit)) {
    const [held] = await rows.hold([key])
    if (held === undefined || !fits(held)) continue
    const row = changed(held)
    rows.put(row)
    done.push(row)
  }
  return done
}

/** Moves a server's room and writes it down with what it offers. The server is held. */
export async function moveRoom(
  tx: Tx,
  server: KeptServer,
  by: { slots: number; sessions: number },
): Promise<KeptServer> {
  const moved = { ...server, reserved: server.reserved + by.slots, sessions: server.sessions + by.sessions }
  if (moved.reserved < 0 || moved.reserved > moved.capacity || moved.sessions < 0) {
    throw violated(`What ${server.id} may hold`, '23514')
  }
  rowsIn(tx, servers).put(moved)
  const offered = rowsIn(tx, offers)
  const isFull = moved.sessions_max !== null && moved.sessions >= moved.sessions_max
  const free = isFull ? 0 : moved.capacity - moved.reserved
  for (const offer of await offered.hold(offered.by('server', server.id).map(offers.keyOf))) {
    offered.put({ ...offer, free })
  }
  return moved
}

/** Removes rows that nobody holds, at most so many; how many it were. */
export function removeFree<Row>(tx: Tx, table: Table<Row>, found: Iterable<Row>, limit: number): number {
  const rows = rowsIn(tx, table)
  let removed = 0
  for (const row of found) {
    if (removed >= limit) break
    const key = table.keyOf(row)
    if (rows.holdFree([key]).length === 0) continue
    rows.remove(key)
    removed++
  }
  return removed
}

export async function removeAll<Row>(rows: Rows<Row>, table: Table<Row>, found: readonly Row[]): Promise<void> {
  for (const row of found) {
    const key = table.keyOf(row)
    if ((await rows.hold([key])).length > 0) rows.remove(key)
  }
}
