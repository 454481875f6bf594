import { createTestDb } from '../../../test/support/open-database.ts'
import { migrate } from '../../platform/postgres.ts'
import { seededRandom } from '../../platform/random.ts'
import { gamesMigrations, sqlGamesStore } from './store.ts'
import { gamesStoreSuite } from './store-suite.ts'

gamesStoreSuite('PostgreSQL', async () => {
  const { db, kysely, dispose } = await createTestDb(seededRandom(1))
  await migrate(kysely, gamesMigrations)
  return { db, store: sqlGamesStore(), [Symbol.asyncDispose]: dispose }
})
