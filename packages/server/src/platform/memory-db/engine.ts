import { failedBefore, waitedTooLong } from './errors.ts'
import { type LockMode, Locks, type Owner } from './locks.ts'
import type { Rows } from './rows.ts'
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
  /** Who made them; it has ended. */
  tx: MemoryTx
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
  readonly locks = new Locks<MemoryTx>()
  readonly #tables = new Map<string, CommittedRows<unknown>>()
  readonly #listeners: ((commit: Commit) => void)[] = []
  readonly #active = new Set<number>()
  readonly #limitWait: NonNullable<EngineOptions['limitWait']>
  /** When what was removed, for as long as a statement waits that began before. */
  readonly #removed = new Map<string, number>()
  #patient = 0
  #serial = 0
  #numbers = 0
  #writers = 0
  #lastEnded = 0

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
    const known = this.#tables.get(table.name)
    if (known !== undefined) return known as CommittedRows<unknown> as CommittedRows<Row>
    const rows = new CommittedRows(table)
    this.#tables.set(table.name, rows as CommittedRows<unknown>)
    return rows
  }

  /** Of the last commit. */
  get serial(): number {
    return this.#serial
  }

  /** The number of the next transaction that writes. */
  get nextWriter(): number {
    return this.#writers + 1
  }

  /** No transaction that writes under a lower number is under way. */
  get settledBefore(): number {
    let lowest = this.nextWriter
    for (const writer of this.#active) if (writer < lowest) lowest = writer
    return lowest
  }

  /** No transaction that wrote under this number or a higher one has ended. */
  get endedBefore(): number {
    return this.#lastEnded + 1
  }

  takeWriterNumber(): number {
    this.#active.add(++this.#writers)
    return this.#writers
  }

  limitWait(end: () => void): () => void {
    return this.#limitWait(end)
  }

  /** Until it is disposed of, `wasRemoved` knows what was removed from now on. */
  rememberRemoved(): Disposable {
    this.#patient++
    return {
      [Symbol.dispose]: () => {
        if (--this.#patient === 0) this.#removed.clear()
      },
    }
  }

  /** Also where there is another such row by now. */
  wasRemoved(name: string, after: number): boolean {
    return (this.#removed.get(name) ?? 0) > after
  }

  finish(tx: MemoryTx, writer: number | null, changes: readonly RowChange[], reborn: readonly string[] = []): void {
    if (writer !== null) {
      this.#active.delete(writer)
      this.#lastEnded = Math.max(this.#lastEnded, writer)
    }
    if (changes.length === 0) return
    const commit: Commit = { serial: ++this.#serial, tx, changes }
    if (this.#patient > 0) {
      for (const { table, key, after } of changes)
        if (after === null) this.#removed.set(lockName(table, key), this.#serial)
      for (const name of reborn) this.#removed.set(name, this.#serial)
    }
    for (const listener of this.#listeners) listener(commit)
  }
}

export const lockName = (table: string, key: string): string => `${table} ${key}`

interface Overlay {
  table: Table<unknown>
  rows: Map<string, unknown>
}

const hasCommitted = () => new Error('The transaction has been committed.')
const wasRolledBack = () => new Error('The transaction was rolled back.')

export class MemoryTx implements Owner {
  readonly id: number
  readonly engine: MemoryEngine
  waiting: Owner['waiting'] = null
  readonly held: Owner['held'] = new Set()
  /** Its views of the tables, by their names. */
  readonly views = new Map<string, Rows<unknown>>()
  readonly #overlays = new Map<string, Overlay>()
  #reborn: string[] | null = null
  #writer: number | null = null
  #wait: Promise<unknown> | null = null
  #failed = false
  /** Makes what is thrown at who still asks something: most of them ask nothing, and errors take time. */
  #dead: (() => Error) | null = null

  constructor(engine: MemoryEngine, id: number) {
    this.engine = engine
    this.id = id
  }

  /** It only read so far. */
  get onlyReads(): boolean {
    return this.#writer === null
  }

  /** Its number among the transactions that write; given when it first holds or writes anything. */
  get writer(): number {
    this.check()
    this.#writer ??= this.engine.takeWriterNumber()
    return this.#writer
  }

  takeNumber(): void {
    if (this.#writer === null) this.#writer = this.engine.takeWriterNumber()
  }

  /** Throws where it has ended. */
  check(): void {
    if (this.#dead !== null) throw this.#dead()
  }

  overlayOf<Row>(table: Table<Row>): Map<string, Row | null> {
    let known = this.#overlays.get(table.name)
    if (known === undefined) {
      known = { table: table as Table<unknown>, rows: new Map() }
      this.#overlays.set(table.name, known)
    }
    return known.rows as Map<string, Row | null>
  }

  hasWritten(table: { name: string }, key: string): boolean {
    return this.#overlays.get(table.name)?.rows.has(key) === true
  }

  /** It removed a row and added one under the same key. */
  noteReborn(name: string): void {
    this.#reborn ??= []
    this.#reborn.push(name)
  }

  /** Null where it was granted at once. */
  lock(name: string, mode: LockMode): Promise<void> | null {
    this.check()
    if (this.#wait !== null) return this.#afterWait(name, mode)
    const granted = this.engine.locks.take(this, name, mode)
    if (granted === null) return null
    const wait = this.#granted(granted)
    this.#wait = wait.catch(() => undefined)
    return wait
  }

  /** Like the statements of one connection, which follow each other. */
  async #afterWait(name: string, mode: LockMode): Promise<void> {
    while (this.#wait !== null) await this.#wait
    await this.lock(name, mode)
  }

  async #granted(granted: Promise<void>): Promise<void> {
    const cancel = this.engine.limitWait(() => this.engine.locks.giveUp(this, waitedTooLong()))
    try {
      await granted
    } catch (error) {
      throw this.fail(error as Error)
    } finally {
      cancel()
      this.#wait = null
    }
    this.check()
  }

  /** Waits until another transaction has ended, whichever way. */
  async awaitEnd(other: MemoryTx): Promise<void> {
    const end = `transaction ${other.id}`
    this.engine.locks.take(other, end, 'update')
    await this.lock(end, 'share')
    this.engine.locks.release(this, end)
  }

  commit(): void {
    if (this.#failed) throw new Error('The transaction was rolled back instead of committed.')
    this.check()
    const changes: RowChange[] = []
    for (const { table, rows } of this.#overlays.values()) {
      if (rows.size === 0) continue
      const committed = this.engine.committed(table)
      for (const [key, after] of rows) {
        const before = committed.rows.get(key) ?? null
        if (before === null && after === null) continue
        committed.set(key, after)
        changes.push({ table: table.name, key, before, after })
      }
    }
    try {
      this.engine.finish(this, this.#writer, changes, this.#reborn ?? [])
    } finally {
      this.#end(hasCommitted)
    }
  }

  /** Nothing of it remains; whatever it still asks fails with `error`. Does nothing to one that has ended. */
  rollback(error?: Error): void {
    if (this.#dead !== null) return
    this.engine.finish(this, this.#writer, [])
    this.#end(error === undefined ? wasRolledBack : () => error)
  }

  /** A statement failed: nothing of the transaction remains, and it can do nothing more. Answers the error to throw. */
  fail(error: Error): Error {
    if (this.#dead === null) {
      this.#failed = true
      this.rollback(failedBefore())
    }
    return error
  }

  #end(why: () => Error): void {
    this.#dead = why
    this.#overlays.clear()
    if (this.waiting !== null) this.engine.locks.giveUp(this, why())
    this.engine.locks.releaseAll(this)
  }
}
