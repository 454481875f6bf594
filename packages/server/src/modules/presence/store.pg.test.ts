import { createTestDb } from '../../../test/support/open-database.ts'
import { migrate } from '../../platform/postgres.ts'
import { seededRandom } from '../../platform/random.ts'
import { presenceMigrations, sqlPresenceStore } from './store.ts'
import { presenceRacesSuite } from './store-races-suite.ts'
import { presenceStoreSuite } from './store-suite.ts'

async function open() {
  const { db, kysely, untilWaiting, dispose } = await createTestDb(seededRandom(1))
  await migrate(kysely, presenceMigrations)
  return { db, store: sqlPresenceStore(), untilWaiting, [Symbol.asyncDispose]: dispose }
}

presenceStoreSuite('PostgreSQL', open)
presenceRacesSuite('PostgreSQL', open)
