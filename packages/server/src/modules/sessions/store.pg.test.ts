import { createTestDb } from '../../../test/support/open-database.ts'
import { migrate } from '../../platform/postgres.ts'
import { seededRandom } from '../../platform/random.ts'
import { sessionsMigrations } from './migrations.ts'
import { sqlSessionStore } from './sql/store.ts'
import { sessionStoreSuite } from './store-suite.ts'

sessionStoreSuite('PostgreSQL', async () => {
  const { db, kysely, untilWaiting, dispose } = await createTestDb(seededRandom(1))
  await migrate(kysely, sessionsMigrations)
  return { db, untilWaiting, store: sqlSessionStore(), [Symbol.asyncDispose]: dispose }
})
