import type { Tx } from '../db.ts'
import { lockName, type MemoryTx } from './engine.ts'
import type { LockMode } from './locks.ts'
import { comparePlaces, type Place } from './sorted.ts'
import type { CommittedRows, Table } from './table.ts'

/** What a `Tx` of a memory database is. */
export const memoryOf = (tx: Tx): MemoryTx => tx as unknown as MemoryTx

/** A table's rows as one transaction sees and changes them. */
export interface Rows<Row> {
  get(key: string): Row | null
  all(): Row[]
  /** Those that stand under this value of the index. */
  by(index: string, value: string): Row[]
  /** The values of the index under which anything stands, in no order: for indexes of few values. */
  valuesIn(index: string): string[]
  /** In this order, from behind this place on. */
  after(order: string, place: Place): Iterable<Row>
  /** Backwards, from before this place on, or from the last row. */
  before(order: string, place: Place | null): Iterable<Row>
  /**
   * Holds rows until the transaction ends, one after the other, waiting for each; those that are there afterwards, as
   * they are then. Like a statement, it finds none that came after it began, nor one that went and came back: choose the
   * keys by what is seen before, and look again at what is answered.
   */
  hold(keys: readonly string[], mode?: LockMode): Promise<Row[]>
  /** Holds those that nobody else holds, without waiting, until it has so many. */
  holdFree(keys: Iterable<string>, max?: number): Row[]
  /** False if there is such a row. One that another transaction adds, changes or removes right now is waited for. */
  insert(row: Row): Promise<boolean>
  /** Waits for whoever adds, changes or removes this row right now, and holds nothing: as an insert does that meets it by
   *  another of its unique columns. */
  settle(key: string): Promise<void>
  /** Replaces a row that is held. */
  put(row: Row): void
  /** Removes a row that is held. */
  remove(key: string): void
}

export function rowsIn<Row>(tx: Tx, table: Table<Row>): Rows<Row> {
  const own = memoryOf(tx)
  own.check()
  const known = own.views.get(table.name)
  if (known !== undefined) return known as TxRows<unknown> as Rows<unknown> as Rows<Row>
  const rows = new TxRows(own, table)
  own.views.set(table.name, rows as TxRows<unknown> as Rows<unknown>)
  return rows
}

class TxRows<Row> implements Rows<Row> {
  readonly #own: MemoryTx
  readonly #table: Table<Row>
  readonly #committed: CommittedRows<Row>
  readonly #written: Map<string, Row | null>

  constructor(own: MemoryTx, table: Table<Row>) {
    this.#own = own
    this.#table = table
    this.#committed = own.engine.committed(table)
    this.#written = own.overlayOf(table)
  }

  get(key: string): Row | null {
    const written = this.#written.get(key)
    return written !== undefined ? written : (this.#committed.rows.get(key) ?? null)
  }

  all(): Row[] {
    return this.#seen(this.#committed.rows.keys(), () => true)
  }

  by(index: string, value: string): Row[] {
    const valuesOf = this.#table.indexes[index]
    return this.#seen(this.#committed.keysBy(index, value), (row) => valuesOf?.(row).includes(value) === true)
  }

  valuesIn(index: string): string[] {
    const values = new Set(this.#committed.valuesIn(index))
    for (const row of this.#written.values()) {
      if (row !== null) for (const value of this.#table.indexes[index]?.(row) ?? []) values.add(value)
    }
    return [...values]
  }

  after(order: string, place: Place): Iterable<Row> {
    const sorted = this.#committed.sorted(order).after(place)
    if (this.#written.size === 0) return sorted
    return this.#seenInOrder(sorted, order, (own) => comparePlaces(own, place) > 0, 1)
  }

  before(order: string, place: Place | null): Iterable<Row> {
    const sorted = this.#committed.sorted(order).before(place)
    if (this.#written.size === 0) return sorted
    return this.#seenInOrder(sorted, order, (own) => place === null || comparePlaces(own, place) < 0, -1)
  }

  async hold(keys: readonly string[], mode: LockMode = 'update'): Promise<Row[]> {
    const { engine } = this.#own
    const found = keys.filter((key) => this.get(key) !== null)
    const asOf = engine.serial
    let patience: Disposable | null = null
    try {
      const held: Row[] = []
      for (const key of found) {
        const name = this.#lockOf(key)
        const isHeld = engine.locks.holds(this.#own, name, mode)
        const wait = isHeld ? null : this.#own.lock(name, mode)
        if (wait !== null) {
          patience ??= engine.rememberRemoved()
          await wait
        }
        const row = patience !== null && engine.wasRemoved(name, asOf) ? null : this.get(key)
        if (row === null) {
          if (!isHeld) engine.locks.release(this.#own, name)
          continue
        }
        this.#own.takeNumber()
        held.push(row)
      }
      return held
    } finally {
      patience?.[Symbol.dispose]()
    }
  }

  holdFree(keys: Iterable<string>, max = Number.POSITIVE_INFINITY): Row[] {
    this.#own.check()
    const { locks } = this.#own.engine
    const held: Row[] = []
    for (const key of keys) {
      if (held.length >= max) break
      const row = this.get(key)
      const name = this.#lockOf(key)
      if (row === null || !locks.isFree(this.#own, name, 'update')) continue
      locks.take(this.#own, name, 'update')
      this.#own.takeNumber()
      held.push(row)
    }
    return held
  }

  async insert(row: Row): Promise<boolean> {
    const { locks } = this.#own.engine
    const key = this.#table.keyOf(row)
    const name = this.#lockOf(key)
    for (;;) {
      this.#own.check()
      if ((this.#written.get(key) ?? null) !== null) return false
      const changer = this.#changerOf(key, name)
      if (changer !== null) {
        // What becomes of its row is known when it has ended.
        await this.#own.awaitEnd(changer)
        continue
      }
      if (this.get(key) !== null) return false
      const wait = this.#own.lock(name, 'update')
      if (wait === null) break
      // Held for a moment by somebody whose row is gone.
      await wait
      if (this.get(key) === null) break
      locks.release(this.#own, name)
    }
    if (this.#written.has(key)) this.#own.noteReborn(name)
    this.#own.takeNumber()
    this.#written.set(key, row)
    return true
  }

  async settle(key: string): Promise<void> {
    const name = this.#lockOf(key)
    for (let changer = this.#changerOf(key, name); changer !== null; changer = this.#changerOf(key, name)) {
      await this.#own.awaitEnd(changer)
    }
  }

  put(row: Row): void {
    const key = this.#table.keyOf(row)
    this.#write(key, this.#lockOf(key), row)
  }

  remove(key: string): void {
    this.#write(key, this.#lockOf(key), null)
  }

  /** Who else has written this row and is under way. */
  #changerOf(key: string, name: string): MemoryTx | null {
    const holder = this.#own.engine.locks.soleHolder(name)
    return holder !== null && holder !== this.#own && holder.hasWritten(this.#table, key) ? holder : null
  }

  #lockOf(key: string): string {
    return lockName(this.#table.name, key)
  }

  #write(key: string, name: string, row: Row | null): void {
    if (!this.#own.engine.locks.holds(this.#own, name)) {
      throw new Error(`${this.#table.name} ${key} is changed without being held.`)
    }
    this.#own.takeNumber()
    this.#written.set(key, row)
  }

  /** What others see being looked through, with what this transaction wrote in its place. */
  #seen(keys: Iterable<string>, fits: (row: Row) => boolean): Row[] {
    const found: Row[] = []
    for (const key of keys) if (!this.#written.has(key)) found.push(this.#committed.rows.get(key) as Row)
    for (const row of this.#written.values()) if (row !== null && fits(row)) found.push(row)
    return found
  }

  /** The same for rows in an order, of which `isIn` tells the part that is asked for. */
  *#seenInOrder(sorted: Iterable<Row>, order: string, isIn: (place: Place) => boolean, sign: 1 | -1): Iterable<Row> {
    const placeOf = this.#table.orders[order] as (row: Row) => Place | null
    const written: { place: Place; row: Row }[] = []
    for (const row of this.#written.values()) {
      const place = row === null ? null : placeOf(row)
      if (place !== null && isIn(place)) written.push({ place, row: row as Row })
    }
    written.sort((one, other) => sign * comparePlaces(one.place, other.place))
    let next = 0
    for (const row of sorted) {
      if (this.#written.has(this.#table.keyOf(row))) continue
      const place = placeOf(row) as Place
      for (let own = written[next]; own !== undefined; own = written[++next]) {
        if (sign * comparePlaces(own.place, place) > 0) break
        yield own.row
      }
      yield row
    }
    for (; next < written.length; next++) yield (written[next] as { row: Row }).row
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
