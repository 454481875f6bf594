import { createTestDb } from '../../../test/support/open-database.ts'
import { migrate } from '../../platform/postgres.ts'
import { seededRandom } from '../../platform/random.ts'
import { fleetMigrations } from './store/migrations.ts'
import { sqlFleetStore } from './store/sql.ts'
import { fleetStoreSuite } from './store-suite.ts'

fleetStoreSuite('PostgreSQL', async () => {
  const { db, kysely, dispose } = await createTestDb(seededRandom(1))
  await migrate(kysely, fleetMigrations)
  return { db, store: sqlFleetStore(), [Symbol.asyncDispose]: dispose }
})
