import { type LockMode, Locks, type Owner } from './locks.ts'
import { CommittedRows, type Table } from './table.ts'

/** One row that a transaction changed. */
export interface RowChange {
  table: string
  key: string
  before: unknown
  after: unknown
}

/** What became visible at once. */
export interface Commit {
  /** Grows by one with each. */
  serial: number
  changes: readonly RowChange[]
}

export interface EngineOptions {
  /** Ends a wait for a lock that lasts for too long; calls `end` then. */
  limitWait?(end: () => void): () => void
}

/**
 * Rows in memory with PostgreSQL's manners at read committed: a transaction sees what is committed and what it wrote
 * itself, holds the rows it changes until it ends, and waits for those that another holds. What it lacks is a disk. The
 * memory versions of the stores stand on it, so that the simulator meets the same waits, deadlocks and half-done work.
 */
export class MemoryEngine {
  readonly locks = new Locks()
  readonly #tables = new Map<string, CommittedRows<unknown>>()
  readonly #listeners: ((commit: Commit) => void)[] = []
  readonly #active = new Set<number>()
  readonly #limitWait: NonNullable<EngineOptions['limitWait']>
  #serial = 0
  #numbers = 0
  #writers = 0

  constructor({ limitWait }: EngineOptions = {}) {
    this.#limitWait = limitWait ?? (() => () => undefined)
  }

  begin(): MemoryTx {
    return new MemoryTx(this, ++this.#numbers)
  }

  /** Called in the moment of each commit that changes anything. What it throws is thrown at the committer. */
  onCommit(listener: (commit: Commit) => void): void {
    this.#listeners.push(listener)
  }

  committed<Row>(table: Table<Row>): CommittedRows<Row> {
    const known = this.#tables.get(table.name) ?? new CommittedRows(table as Table<unknown>)
    this.#tables.set(table.name, known)
    return known as CommittedRows<unknown> as CommittedRows<Row>
  }

  /** The number of the next transaction that writes. */
  get nextWriter(): number {
    return this.#writers + 1
  }

  /** No transaction that writes under a lower number is under way. */
  get settledBefore(): number {
    let lowest = this.nextWriter
    for (const writer of this.#active) lowest = Math.min(lowest, writer)
    return lowest
  }

  takeWriterNumber(): number {
    this.#active.add(++this.#writers)
    return this.#writers
  }

  limitWait(end: () => void): () => void {
    return this.#limitWait(end)
  }

  finish(writer: number | null, changes: readonly RowChange[]): void {
    if (writer !== null) this.#active.delete(writer)
    if (changes.length === 0) return
    const commit: Commit = { serial: ++this.#serial, changes }
    for (const listener of this.#listeners) listener(commit)
  }
}

type Overlay = Map<string, unknown>

/** Cancelled, as PostgreSQL says it. */
const waitedTooLong = () => Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' })

export class MemoryTx implements Owner {
  readonly id: number
  readonly engine: MemoryEngine
  waiting: Owner['waiting'] = null
  readonly #overlays = new Map<Table<unknown>, Overlay>()
  #writer: number | null = null
  #dead: Error | null = null

  constructor(engine: MemoryEngine, id: number) {
    this.engine = engine
    this.id = id
  }

  /** Its number among the transactions that write; given at the first write. */
  get writer(): number {
    this.check()
    this.#writer ??= this.engine.takeWriterNumber()
    return this.#writer
  }

  /** Throws where it has ended. */
  check(): void {
    if (this.#dead !== null) throw this.#dead
  }

  overlayOf<Row>(table: Table<Row>): Map<string, Row | null> {
    const known = this.#overlays.get(table as Table<unknown>) ?? new Map()
    this.#overlays.set(table as Table<unknown>, known)
    return known as Map<string, Row | null>
  }

  async lock(name: string, mode: LockMode): Promise<void> {
    this.check()
    const granted = this.engine.locks.take(this, name, mode)
    if (granted === null) return
    const cancel = this.engine.limitWait(() => this.engine.locks.giveUp(this, waitedTooLong()))
    try {
      await granted
    } finally {
      cancel()
    }
    this.check()
  }

  commit(): void {
    this.check()
    const changes: RowChange[] = []
    for (const [table, overlay] of this.#overlays) {
      const rows = this.engine.committed(table)
      for (const [key, after] of overlay) {
        const before = rows.rows.get(key) ?? null
        if (before === null && after === null) continue
        rows.set(key, after)
        changes.push({ table: table.name, key, before, after })
      }
    }
    try {
      this.engine.finish(this.#writer, changes)
    } finally {
      this.#end(new Error('The transaction has been committed.'))
    }
  }

  /** Nothing of it remains; whatever it still asks fails with `error`. Does nothing to one that has ended. */
  rollback(error: Error = new Error('The transaction was rolled back.')): void {
    if (this.#dead !== null) return
    this.engine.finish(this.#writer, [])
    this.#end(error)
  }

  #end(error: Error): void {
    this.#dead = error
    this.#overlays.clear()
    this.engine.locks.giveUp(this, error)
    this.engine.locks.releaseAll(this)
  }
}
