import { type Place, SortedRows } from './sorted.ts'

/** A table in memory: what its rows are called, and by what else they are looked up. It holds nothing itself; each engine
 *  keeps rows of its own. Rows are values: they are replaced, never changed in place. */
export interface Table<Row> {
  readonly name: string
  keyOf(row: Row): string
  /** A row stands under each of the values that an index gives it; under none, it is not in that index. */
  readonly indexes: Readonly<Record<string, (row: Row) => readonly string[]>>
  /** A row stands at the place that an order gives it, alone; where that is null, it is not in that order. */
  readonly orders: Readonly<Record<string, (row: Row) => Place | null>>
}

export const memoryTable = <Row>(
  name: string,
  keyOf: (row: Row) => string,
  indexes: Table<Row>['indexes'] = {},
  orders: Table<Row>['orders'] = {},
): Table<Row> => ({ name, keyOf, indexes, orders })

interface Index<Row> {
  valuesOf(row: Row): readonly string[]
  keys: Map<string, Set<string>>
}

const none: ReadonlySet<string> = new Set()
const nowhere: readonly string[] = []

/** The committed rows of one table. */
export class CommittedRows<Row> {
  readonly table: Table<Row>
  readonly rows = new Map<string, Row>()
  readonly #indexes: readonly Index<Row>[]
  readonly #byName = new Map<string, Index<Row>>()
  readonly #orders: readonly SortedRows<Row>[]
  readonly #ordersByName = new Map<string, SortedRows<Row>>()

  constructor(table: Table<Row>) {
    this.table = table
    for (const [name, valuesOf] of Object.entries(table.indexes)) this.#byName.set(name, { valuesOf, keys: new Map() })
    this.#indexes = [...this.#byName.values()]
    for (const [name, placeOf] of Object.entries(table.orders)) this.#ordersByName.set(name, new SortedRows(placeOf))
    this.#orders = [...this.#ordersByName.values()]
  }

  set(key: string, row: Row | null): void {
    const before = this.rows.get(key)
    if (row === null) this.rows.delete(key)
    else this.rows.set(key, row)
    for (const { valuesOf, keys } of this.#indexes) {
      const from = before === undefined ? nowhere : valuesOf(before)
      const to = row === null ? nowhere : valuesOf(row)
      if (!areSame(from, to)) moveKey(keys, key, from, to)
    }
    for (const sorted of this.#orders) sorted.replace(before ?? null, row)
  }

  keysBy(index: string, value: string): ReadonlySet<string> {
    return this.#indexOf(index).keys.get(value) ?? none
  }

  /** The values under which anything stands. */
  valuesIn(index: string): Iterable<string> {
    return this.#indexOf(index).keys.keys()
  }

  sorted(order: string): SortedRows<Row> {
    const known = this.#ordersByName.get(order)
    if (known === undefined) throw new Error(`${this.table.name} has no order ${order}.`)
    return known
  }

  #indexOf(name: string): Index<Row> {
    const known = this.#byName.get(name)
    if (known === undefined) throw new Error(`${this.table.name} has no index ${name}.`)
    return known
  }
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}

function moveKey(index: Map<string, Set<string>>, key: string, from: readonly string[], to: readonly string[]): void {
  for (const value of from) {
    const keys = index.get(value)
    if (keys?.delete(key) === true && keys.size === 0) index.delete(value)
  }
  for (const value of to) {
    const keys = index.get(value)
    if (keys === undefined) index.set(value, new Set([key]))
    else keys.add(key)
  }
}
