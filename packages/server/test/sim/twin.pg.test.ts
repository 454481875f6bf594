import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fleetMigrations } from '../../src/modules/fleet/store/migrations.ts'
import { gamesMigrations } from '../../src/modules/games/store.ts'
import { matchmakingMigrations } from '../../src/modules/matchmaking/store/migrations.ts'
import { presenceMigrations } from '../../src/modules/presence/store.ts'
import { resultsMigrations } from '../../src/modules/results/store.ts'
import { sessionsMigrations } from '../../src/modules/sessions/migrations.ts'
import { leaseMigrations } from '../../src/platform/lease.ts'
import { migrate } from '../../src/platform/postgres.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { ownServer, type TestServer } from '../postgres-setup.ts'
import { createTestDb } from '../support/open-database.ts'
import { runWorld } from './world.ts'

/** One seed in a hundred, and so long things go wrong in each. */
const seeds = [100, 200, 300, 400]
const stormMs = 60_000

describe('what is kept in memory', () => {
  // What is told of news depends on the oldest transaction of the whole server, so nobody else may have one there. A
  // server that was named is used by one test file after the other.
  let server: (TestServer & AsyncDisposable) | undefined
  beforeAll(async () => {
    if (process.env.MUSTER_TEST_DATABASE_URL === undefined) server = await ownServer()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  it.each(seeds)('agrees with PostgreSQL at every statement under seed %i', { timeout: 180_000 }, async (seed) => {
    const { kysely, dispose } = await createTestDb(seededRandom(1), server)
    try {
      await migrate(kysely, {
        ...{ ...leaseMigrations, ...presenceMigrations, ...fleetMigrations, ...sessionsMigrations },
        ...{ ...resultsMigrations, ...matchmakingMigrations, ...gamesMigrations },
      })
      const { violations, matches, statements } = await runWorld({
        seed,
        stormMs,
        players: 12,
        servers: 3,
        unhealed: true,
        twin: kysely,
      })
      expect(violations).toEqual([])
      expect(matches).toBeGreaterThan(3)
      expect(statements).toBeGreaterThan(1_000)
    } finally {
      await dispose()
    }
  })
})
