import { createTestDb } from '../../../test/support/open-database.ts'
import { migrate } from '../../platform/postgres.ts'
import { seededRandom } from '../../platform/random.ts'
import { resultsMigrations } from './store.ts'
import { sqlResultsStore } from './store-sql.ts'
import { resultsStoreSuite } from './store-suite.ts'

resultsStoreSuite('PostgreSQL', async () => {
  const { db, kysely, untilWaiting, dispose } = await createTestDb(seededRandom(1))
  await migrate(kysely, resultsMigrations)
  return { db, untilWaiting, store: sqlResultsStore(), [Symbol.asyncDispose]: dispose }
})
