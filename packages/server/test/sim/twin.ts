import { isDeepStrictEqual } from 'node:util'
import type { ControlledTransaction, Kysely } from 'kysely'
import type { PlayStores } from '../../src/compose-play.ts'
import { sqlFleetStore } from '../../src/modules/fleet/store/sql.ts'
import { sqlGamesStore } from '../../src/modules/games/store.ts'
import { sqlMatchmakingStore } from '../../src/modules/matchmaking/store.ts'
import { sqlPresenceStore } from '../../src/modules/presence/store.ts'
import { sqlResultsStore } from '../../src/modules/results/store-sql.ts'
import { sqlSessionStore } from '../../src/modules/sessions/sql/store.ts'
import type { Tx } from '../../src/platform/db.ts'
import { MemoryEngine, type MemoryTx, memoryOf, type RowChange } from '../../src/platform/memory-db/index.ts'
import { memoryStores } from './stores.ts'

const sqlStores = (): Required<PlayStores> => ({
  presence: sqlPresenceStore(),
  fleet: sqlFleetStore(),
  sessions: sqlSessionStore(),
  games: sqlGamesStore(),
  results: sqlResultsStore(),
  matchmaking: sqlMatchmakingStore(),
})

type Verb = (...given: unknown[]) => Promise<unknown>
type Verbs = Record<string, Verb>

/**
 * The memory stores and PostgreSQL side by side: whatever the core does is done to both, and both must answer the same.
 * One transaction runs at a time, so that neither waits for a lock and both see the same rows at each statement.
 */
export class Twin extends MemoryEngine {
  readonly #kysely: Kysely<unknown>
  readonly #differ: (what: string) => void
  readonly #open = new Map<MemoryTx, Promise<ControlledTransaction<unknown>>>()
  readonly #cursors = new Map<string, string>([['0', '0']])
  #inside: MemoryTx | null = null
  #waiting: (() => void)[] = []
  /** What PostgreSQL is asked is asked in this order. */
  #line: Promise<unknown> = Promise.resolve()
  #asked = 0
  #answered = 0

  constructor(kysely: Kysely<unknown>, differ: (what: string) => void) {
    super()
    this.#kysely = kysely
    this.#differ = differ
  }

  get asked(): number {
    return this.#asked
  }

  /** Resolves when PostgreSQL has answered everything, and nobody asks anew. */
  async quiet(): Promise<void> {
    for (let still = 0; still < 2; still++) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (this.#answered < this.#asked) {
        await this.#line.catch(() => undefined)
        still = -1
      }
    }
  }

  /** Ends whatever the end of a run left open. */
  async close(): Promise<void> {
    for (const tx of [...this.#open.keys()]) tx.rollback()
    await this.quiet()
  }

  /** Waits until no other transaction runs. */
  async enter(tx: MemoryTx): Promise<void> {
    while (this.#inside !== null) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#inside = tx
    this.#open.set(
      tx,
      this.#ask(() => this.#kysely.startTransaction().execute()),
    )
  }

  override finish(
    tx: MemoryTx,
    writer: number | null,
    changes: readonly RowChange[],
    reborn?: readonly string[],
  ): void {
    const twin = this.#open.get(tx)
    this.#open.delete(tx)
    if (twin !== undefined) {
      void this.#ask(async () => {
        const transaction = await twin
        await (changes.length > 0 ? transaction.commit() : transaction.rollback()).execute()
      }).catch((error: Error) => this.#differ(`PostgreSQL could not end a transaction: ${error.message}`))
    }
    if (this.#inside === tx) {
      this.#inside = null
      for (const enter of this.#waiting.splice(0)) enter()
    }
    super.finish(tx, writer, changes, reborn)
  }

  stores(): Required<PlayStores> {
    const sql = sqlStores()
    const both = Object.entries(memoryStores()).map(([module, store]) => {
      const twin = sql[module as keyof PlayStores] as unknown as Verbs
      const verbs = Object.entries(store as unknown as Verbs).map(([name, verb]) => [
        name,
        this.#both(`${module}.${name}`, verb, twin[name] as Verb),
      ])
      return [module, Object.fromEntries(verbs)] as const
    })
    return Object.fromEntries(both) as never
  }

  #both(name: string, verb: Verb, twinVerb: Verb): Verb {
    return async (tx, ...given) => {
      const twin = this.#open.get(memoryOf(tx as Tx))
      const answer = await verb(tx, ...given)
      if (twin === undefined) return answer
      // From here to the asking nothing is awaited: PostgreSQL is asked in the order in which memory has answered.
      const translated = given.map((one) => (typeof one === 'string' ? (this.#cursors.get(one) ?? one) : one))
      const other = await this.#ask(async () => twinVerb(await twin, ...translated)).catch((error: Error) => {
        this.#differ(`${name} failed in PostgreSQL alone: ${error.message}`)
        return answer
      })
      this.#noteCursors(answer, other)
      const [mine, theirs] = [comparable(answer), comparable(other)]
      if (!isDeepStrictEqual(mine, theirs)) {
        const asked = JSON.stringify(given).slice(0, 500)
        this.#differ(`${name}(${asked}) is ${JSON.stringify(mine)} in memory, ${JSON.stringify(theirs)} in PostgreSQL`)
      }
      return answer
    }
  }

  #ask<T>(ask: () => Promise<T>): Promise<T> {
    this.#asked++
    const asking = this.#line.then(ask)
    this.#line = asking
      .catch(() => undefined)
      .then(() => {
        this.#answered++
      })
    return asking
  }

  /** Each counts transactions for itself; a place in the one's count stands for a place in the other's. */
  #noteCursors(mine: unknown, theirs: unknown): void {
    if (typeof mine === 'string' && typeof theirs === 'string' && /^\d+$/.test(mine)) this.#cursors.set(mine, theirs)
    const [page, twinPage] = [mine as { next?: unknown } | null, theirs as { next?: unknown } | null]
    if (typeof page?.next === 'string' && typeof twinPage?.next === 'string')
      this.#cursors.set(page.next, twinPage.next)
  }
}

/** What both must answer the same: values, without the order where rows come as they come, and without either's count. */
function comparable(value: unknown): unknown {
  if (value instanceof Map) return sorted([...value].map(comparable))
  if (value instanceof Set) return sorted([...value].map(comparable))
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return sorted(value.map(comparable))
  if (typeof value === 'string') return /^\d+$/.test(value) ? 'a count' : value
  if (typeof value !== 'object' || value === null) return value ?? null
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, held]) => held !== undefined && name !== 'next' && name !== 'changed')
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, held]) => [name, comparable(held)]),
  )
}

const sorted = (values: unknown[]): unknown[] =>
  values
    .map((value) => [JSON.stringify(value), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, value]) => value)
