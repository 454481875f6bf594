import { createTestDb } from '../../../test/support/open-database.ts'
import { migrate } from '../../platform/postgres.ts'
import { seededRandom } from '../../platform/random.ts'
import { matchmakingMigrations } from './store/migrations.ts'
import { sqlMatchmakingStore } from './store.ts'
import { matchmakingHeardSuite } from './store-heard-suite.ts'
import { matchmakingRacesSuite } from './store-races-suite.ts'
import { matchmakingStoreSuite } from './store-suite.ts'

async function open() {
  const { db, kysely, untilWaiting, dispose } = await createTestDb(seededRandom(1))
  await migrate(kysely, matchmakingMigrations)
  return { db, store: sqlMatchmakingStore(), untilWaiting, [Symbol.asyncDispose]: dispose }
}

matchmakingStoreSuite('PostgreSQL', open)
matchmakingHeardSuite('PostgreSQL', open)
matchmakingRacesSuite('PostgreSQL', open)
