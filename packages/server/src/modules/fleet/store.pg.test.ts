import { sql } from 'kysely'
import { afterAll } from 'vitest'
import { createTestDb } from '../../../test/support/open-database.ts'
import { migrate } from '../../platform/postgres.ts'
import { seededRandom } from '../../platform/random.ts'
import { fleetMigrations } from './store/migrations.ts'
import { sqlFleetStore } from './store/sql.ts'
import { fleetStoreSuite } from './store-suite.ts'

/** One database for all of them, emptied before each: making one takes much longer than most of the tests. */
let opened: ReturnType<typeof openOnce> | null = null

async function openOnce() {
  const database = await createTestDb(seededRandom(1))
  await migrate(database.kysely, fleetMigrations)
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where tablename like 'fleet\_%'`.execute(database.kysely)
  const empty = sql`truncate ${sql.join(rows.map(({ name }) => sql.table(name)))}`
  return { ...database, empty: () => empty.execute(database.kysely) }
}

afterAll(async () => (await opened)?.dispose())

fleetStoreSuite('PostgreSQL', async () => {
  opened ??= openOnce()
  const { db, empty } = await opened
  await empty()
  return { db, store: sqlFleetStore(), [Symbol.asyncDispose]: async () => undefined }
})
