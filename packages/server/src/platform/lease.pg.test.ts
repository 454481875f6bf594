import { createTestDb } from '../../test/support/open-database.ts'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { createLeases, leaseMigrations } from './lease.ts'
import { leaseSuite } from './lease-suite.ts'
import { migrate } from './postgres.ts'
import { seededRandom } from './random.ts'

leaseSuite('PostgreSQL', async () => {
  const { db, kysely, untilWaiting, dispose } = await createTestDb(seededRandom(1))
  await migrate(kysely, leaseMigrations)
  const clock = simulatedClock()
  return { db, clock, leases: createLeases(db, clock), untilWaiting, [Symbol.asyncDispose]: dispose }
})
