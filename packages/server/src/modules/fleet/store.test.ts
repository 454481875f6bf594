import { systemClock } from '../../platform/clock.ts'
import { MemoryEngine, memoryDb } from '../../platform/memory-db/index.ts'
import { seededRandom } from '../../platform/random.ts'
import { memoryFleetStore } from './memory-store/index.ts'
import { fleetStoreSuite } from './store-suite.ts'

fleetStoreSuite('memory', async () => ({
  db: memoryDb(new MemoryEngine(), { clock: systemClock, random: seededRandom(1) }),
  store: memoryFleetStore(),
  [Symbol.asyncDispose]: async () => undefined,
}))
