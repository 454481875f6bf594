import { createMemoryDb } from '../../test/support/open-memory-db.ts'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { leaseSuite } from './lease-suite.ts'
import { memoryLeases } from './memory-db/leases.ts'

leaseSuite('memory', async () => {
  const { db, untilWaiting } = createMemoryDb()
  const clock = simulatedClock()
  return { db, clock, leases: memoryLeases(db, clock), untilWaiting, [Symbol.asyncDispose]: async () => undefined }
})
