/** A table in memory: what its rows are called, and by what else they are looked up. It holds nothing itself; each engine
 *  keeps rows of its own. Rows are values: they are replaced, never changed in place. */
export interface Table<Row> {
  readonly name: string
  keyOf(row: Row): string
  /** A row stands under each of the values that an index gives it; under none, it is not in that index. */
  readonly indexes: Readonly<Record<string, (row: Row) => readonly string[]>>
}

export const memoryTable = <Row>(
  name: string,
  keyOf: (row: Row) => string,
  indexes: Table<Row>['indexes'] = {},
): Table<Row> => ({ name, keyOf, indexes })

/** The committed rows of one table. */
export class CommittedRows<Row> {
  readonly table: Table<Row>
  readonly rows = new Map<string, Row>()
  readonly #indexes = new Map<string, Map<string, Set<string>>>()

  constructor(table: Table<Row>) {
    this.table = table
    for (const name of Object.keys(table.indexes)) this.#indexes.set(name, new Map())
  }

  set(key: string, row: Row | null): void {
    const before = this.rows.get(key)
    if (before !== undefined) this.#enter(key, before, false)
    if (row === null) {
      this.rows.delete(key)
      return
    }
    this.rows.set(key, row)
    this.#enter(key, row, true)
  }

  keysBy(index: string, value: string): ReadonlySet<string> {
    const known = this.#indexes.get(index)
    if (known === undefined) throw new Error(`${this.table.name} has no index ${index}.`)
    return known.get(value) ?? none
  }

  #enter(key: string, row: Row, there: boolean): void {
    for (const [name, valuesOf] of Object.entries(this.table.indexes)) {
      const index = this.#indexes.get(name) as Map<string, Set<string>>
      for (const value of valuesOf(row)) {
        const keys = index.get(value) ?? new Set()
        if (there) index.set(value, keys.add(key))
        else if (keys.delete(key) && keys.size === 0) index.delete(value)
      }
    }
  }
}

const none: ReadonlySet<string> = new Set()
