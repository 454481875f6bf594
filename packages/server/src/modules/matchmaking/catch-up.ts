import type { EntryId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Waiter } from './domain.ts'
import { lookAfterMs } from './idle.ts'
import type { EntryStore, Page } from './store.ts'
import type { Tenure } from './tenure.ts'

export interface CatchUpNeeds {
  clock: Clock
  db: Db
  store: Pick<EntryStore, 'settled' | 'searching' | 'news' | 'waitersOf'>
  /** Closes entries that wait in no queue that there still is. */
  closeStrays(ids: EntryId[]): Promise<void>
  /** More entries are known than before. */
  grown(tenure: Tenure): void
}

export interface CatchUp {
  /** Fills a new tenure from the rows, page by page. */
  load(tenure: Tenure): Promise<void>
  /** Reads what no hint told of. */
  run(tenure: Tenure): Promise<void>
  /** Reads these entries' rows, and believes them. */
  read(tenure: Tenure, ids: readonly EntryId[]): Promise<void>
  /** Takes in an entry as its row is known to be. */
  take(tenure: Tenure, entry: Waiter): void
}

/** Pages of news that are not settled yet, and so will be read again, in one run. */
const unsettledPagesMax = 4
/** Another node may know of queues that are new; so long an entry may wait in such a one. */
const strayPatienceMs = 60_000

/**
 * Keeps the pool in step with the rows. Hints bring news at once, but hints get lost, so the rows are also read by
 * cursor. Rows carry the number of the transaction that sent them to search, and such numbers become visible out of
 * order: a transaction with a lower one may end later. So the cursor moves only up to the lowest transaction that was
 * under way when the reading began; what lies beyond is read as well, and will be read again.
 */
export function createCatchUp(
  { clock, db, store, closeStrays, grown }: CatchUpNeeds,
  options: { pageMax: number; idleMs: number },
): CatchUp {
  const checkMs = lookAfterMs(options.idleMs)

  function take(tenure: Tenure, entry: Waiter): void {
    const { pool, checks, strays } = tenure
    if (pool.put(entry)) checks.add(entry.id, entry.seenAt + checkMs)
    else if (!strays.has(entry.id) && !pool.knows(entry)) strays.set(entry.id, clock.now())
  }

  async function readAll(tenure: Tenure): Promise<void> {
    tenure.cursor = await db.once((tx) => store.settled(tx))
    let next: string | null = null
    do {
      const page: Page<Waiter> = await db.once((tx) => store.searching(tx, next, options.pageMax))
      for (const entry of page.items) take(tenure, entry)
      grown(tenure)
      next = page.next
    } while (next !== null)
  }

  async function readNews(tenure: Tenure, from: string): Promise<void> {
    const settled = await db.once((tx) => store.settled(tx))
    let next: string | null = from
    let unsettledPages = 0
    while (next !== null && unsettledPages < unsettledPagesMax) {
      const at: string = next
      const page = await db.once((tx) => store.news(tx, at, options.pageMax))
      const unknown = page.items.filter(({ id, version }) => !tenure.pool.isKnown(id, version)).map(({ id }) => id)
      if (unknown.length > 0) await read(tenure, unknown)
      next = page.next
      if (next !== null && BigInt(next) > BigInt(settled)) unsettledPages++
    }
    tenure.cursor = settled
  }

  async function read(tenure: Tenure, ids: readonly EntryId[]): Promise<void> {
    const rows = new Map((await db.once((tx) => store.waitersOf(tx, ids))).map((entry) => [entry.id, entry]))
    for (const id of ids) {
      const entry = rows.get(id)
      tenure.unsure.delete(id)
      if (entry === undefined) tenure.pool.drop(id, clock.now())
      else if (tenure.pool.isOut(id)) tenure.pool.giveBack(id)
      else take(tenure, entry)
    }
  }

  async function dropStrays(tenure: Tenure): Promise<void> {
    const longAgo = clock.now() - strayPatienceMs
    const old = [...tenure.strays].filter(([, since]) => since <= longAgo).map(([id]) => id)
    if (old.length === 0) return
    const some = old.slice(0, options.pageMax)
    await closeStrays(some)
    for (const id of some) tenure.strays.delete(id)
  }

  return {
    async load(tenure) {
      await readAll(tenure)
      tenure.loaded = true
    },
    async run(tenure) {
      if (tenure.unsure.size > 0) await read(tenure, [...tenure.unsure].slice(0, options.pageMax))
      await readNews(tenure, tenure.cursor)
      grown(tenure)
      await dropStrays(tenure)
    },
    read,
    take,
  }
}
