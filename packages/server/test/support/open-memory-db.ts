import { expect } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { MemoryEngine, memoryDb } from '../../src/platform/memory-db/index.ts'
import { seededRandom } from '../../src/platform/random.ts'

/** What `createTestDb` gives, without a database. */
export function createMemoryDb() {
  const engine = new MemoryEngine()
  return {
    db: memoryDb(engine, { clock: systemClock, random: seededRandom(1) }),
    engine,
    /** Resolves once so many transactions wait for others. */
    untilWaiting: (count: number) => expect.poll(() => engine.locks.waiting, { interval: 1 }).toBe(count),
  }
}
