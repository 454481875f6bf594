import type { Tx } from '../db.ts'
import type { MemoryTx } from './engine.ts'
import type { LockMode } from './locks.ts'
import type { Table } from './table.ts'

/** What a `Tx` of a memory database is. */
export const memoryOf = (tx: Tx): MemoryTx => tx as unknown as MemoryTx

/** A table's rows as one transaction sees and changes them. */
export interface Rows<Row> {
  get(key: string): Row | null
  all(): Row[]
  /** Those that stand under this value of the index. */
  by(index: string, value: string): Row[]
  /** Holds rows until the transaction ends, one after the other, waiting for each; those that are there afterwards, as
   *  they are then. */
  hold(keys: readonly string[], mode?: LockMode): Promise<Row[]>
  /** Holds those that nobody else holds, without waiting. */
  holdFree(keys: readonly string[]): Row[]
  /** False if there is such a row, also one that another transaction was about to add: that is waited for. */
  insert(row: Row): Promise<boolean>
  /** Replaces a row that is held. */
  put(row: Row): void
  /** Removes a row that is held. */
  remove(key: string): void
}

export function rowsIn<Row>(tx: Tx, table: Table<Row>): Rows<Row> {
  const own = memoryOf(tx)
  own.check()
  const { engine } = own
  const committed = engine.committed(table)
  const overlay = own.overlayOf(table)
  const lockOf = (key: string) => `${table.name} ${key}`

  const get = (key: string): Row | null => {
    const written = overlay.get(key)
    return written !== undefined ? written : (committed.rows.get(key) ?? null)
  }
  const write = (key: string, row: Row | null) => {
    if (!engine.locks.holds(own, lockOf(key))) throw new Error(`${table.name} ${key} is changed without being held.`)
    void own.writer
    overlay.set(key, row)
  }
  /** What others see being looked through, with what this transaction wrote in its place. */
  const seen = (keys: Iterable<string>, fits: (row: Row) => boolean): Row[] => {
    const found: Row[] = []
    for (const key of keys) {
      if (overlay.has(key)) continue
      found.push(committed.rows.get(key) as Row)
    }
    for (const row of overlay.values()) if (row !== null && fits(row)) found.push(row)
    return found
  }

  return {
    get,
    all: () => seen(committed.rows.keys(), () => true),
    by: (index, value) =>
      seen(committed.keysBy(index, value), (row) => table.indexes[index]?.(row).includes(value) === true),
    async hold(keys, mode = 'update') {
      const held: Row[] = []
      for (const key of keys) {
        if (get(key) === null) continue
        const isHeld = engine.locks.holds(own, lockOf(key), mode)
        if (!isHeld) await own.lock(lockOf(key), mode)
        const row = get(key)
        if (row !== null) held.push(row)
        else if (!isHeld) engine.locks.release(own, lockOf(key))
      }
      return held
    },
    holdFree(keys) {
      const held: Row[] = []
      for (const key of keys) {
        const row = get(key)
        if (row === null || !engine.locks.isFree(own, lockOf(key), 'update')) continue
        if (engine.locks.take(own, lockOf(key), 'update') === null) held.push(row)
      }
      return held
    },
    async insert(row) {
      const key = table.keyOf(row)
      if (get(key) !== null) return false
      const isHeld = engine.locks.holds(own, lockOf(key))
      if (!isHeld) await own.lock(lockOf(key), 'update')
      if (get(key) === null) {
        write(key, row)
        return true
      }
      if (!isHeld) engine.locks.release(own, lockOf(key))
      return false
    },
    put: (row) => write(table.keyOf(row), row),
    remove: (key) => write(key, null),
  }
}

/** A number for each call, which nobody else is given; a transaction that comes to nothing leaves a gap, as sequences do. */
export function memorySequence(): (tx: Tx) => number {
  const counts = new WeakMap<object, number>()
  return (tx) => {
    const { engine } = memoryOf(tx)
    const next = (counts.get(engine) ?? 0) + 1
    counts.set(engine, next)
    return next
  }
}
