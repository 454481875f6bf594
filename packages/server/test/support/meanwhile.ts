import { expect } from 'vitest'
import type { Db, Tx } from '../../src/platform/db.ts'

export interface WaitingGround {
  db: Db
  /** Resolves once so many transactions wait for others. */
  untilWaiting(count: number): PromiseLike<void>
}

const planted = new Error('planted')

/** Runs `others`, which must wait, while the transaction of `run` is under way; once all of them wait it ends, one way or
 *  the other. Answers what came of the others. */
export async function meanwhile<T>(
  { db, untilWaiting }: WaitingGround,
  run: (tx: Tx) => Promise<unknown>,
  others: readonly (() => Promise<T>)[],
  end: 'commit' | 'undo' = 'commit',
): Promise<T[]> {
  const results: Promise<T>[] = []
  const first = db.transact(async (tx) => {
    await run(tx)
    for (const other of others) {
      results.push(other())
      await untilWaiting(results.length)
    }
    if (end === 'undo') throw planted
  })
  if (end === 'undo') await expect(first).rejects.toBe(planted)
  else await first
  return Promise.all(results)
}
