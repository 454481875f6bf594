import { type Kysely, sql } from 'kysely'
import { expect } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { createDb } from '../../src/platform/db.ts'
import { silentLog } from '../../src/platform/log.ts'
import { openPostgres } from '../../src/platform/postgres.ts'
import type { Random } from '../../src/platform/random.ts'
import type { TestServer } from '../postgres-setup.ts'
import { testDatabase } from '../test-database.ts'

/** A fresh database of the test server, the one that all share unless told. Its retries wait in real time, whatever clock the test moves. */
export async function createTestDb(random: Random, server?: TestServer) {
  const database = await testDatabase({ server })
  const kysely = openPostgres({ connection: database.connection, connectionsMax: 10, log: silentLog })
  return {
    db: createDb(kysely, { clock: systemClock, random }),
    kysely,
    /** Resolves once so many transactions wait for others. */
    untilWaiting: (count: number) =>
      expect.poll(() => countWaiting(kysely), { interval: 5, timeout: 10_000 }).toBe(count),
    async dispose() {
      await kysely.destroy()
      await database[Symbol.asyncDispose]()
    },
  }
}

async function countWaiting(kysely: Kysely<unknown>): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*) as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(kysely)
  return Number(rows[0]?.waiting)
}
