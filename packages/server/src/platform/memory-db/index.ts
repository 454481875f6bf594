/**
 * A database in memory that behaves like PostgreSQL where it matters to the stores: isolation, row locks, waits,
 * deadlocks. Tests and the simulator alone use it; it is no way to run Muster.
 */
import type { Clock } from '../clock.ts'
import { type Db, retrying, runWith, type Tx } from '../db.ts'
import { type Log, silentLog } from '../log.ts'
import type { Random } from '../random.ts'
import type { MemoryEngine, MemoryTx } from './engine.ts'

export { type Commit, MemoryEngine, type MemoryTx, type RowChange } from './engine.ts'
export { changedTwice, foreignKeyViolation, notNullViolation, uniqueViolation } from './errors.ts'
export { keptJson } from './json.ts'
export { memoryOf, memorySequence, type Rows, rowsIn } from './rows.ts'
export type { Place } from './sorted.ts'
export { memoryTable, type Table } from './table.ts'
export { addOrHold } from './writes.ts'

export interface MemoryDbOptions {
  clock: Clock
  random: Random
  log?: Log
  /** May wait, and may throw, at each step of a transaction: what it throws before the commit undoes everything. */
  interrupt?(point: 'begin' | 'commit' | 'committed', tx: MemoryTx): Promise<void> | undefined
}

/** One process's way to the engine. */
export function memoryDb(engine: MemoryEngine, { clock, random, log = silentLog, interrupt }: MemoryDbOptions): Db {
  /** It is committed: whatever goes wrong from here on must not look as if it were not. */
  function actAfter(after: readonly (() => void)[]) {
    for (const act of after) {
      try {
        act()
      } catch (error) {
        log.error({ err: error }, 'what follows a commit failed')
      }
    }
  }
  async function attempt<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    const own = engine.begin()
    const passed = (point: Parameters<NonNullable<typeof interrupt>>[0]) => interrupt?.(point, own) ?? null
    try {
      const begun = passed('begin')
      if (begun !== null) await begun
      const { value, after } = await runWith(own as unknown as Tx, run)
      const ready = passed('commit')
      if (ready !== null) await ready
      own.commit()
      const done = passed('committed')
      if (done !== null) await done
      actAfter(after)
      return value
    } catch (error) {
      own.rollback()
      throw error
    }
  }
  return { transact: (run) => retrying({ clock, random }, () => attempt(run)), once: attempt }
}
