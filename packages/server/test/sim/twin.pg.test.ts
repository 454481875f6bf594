import { describe, expect, it } from 'vitest'
import { fleetMigrations } from '../../src/modules/fleet/store/migrations.ts'
import { matchmakingMigrations } from '../../src/modules/matchmaking/store/migrations.ts'
import { presenceMigrations } from '../../src/modules/presence/store.ts'
import { resultsMigrations } from '../../src/modules/results/store.ts'
import { sessionsMigrations } from '../../src/modules/sessions/migrations.ts'
import { leaseMigrations } from '../../src/platform/lease.ts'
import { migrate } from '../../src/platform/postgres.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { createTestDb } from '../support/open-database.ts'
import { runWorld } from './world.ts'

/** One seed in a hundred, and so long things go wrong in each. */
const seeds = [100, 200, 300, 400]
const stormMs = 60_000

describe('what is kept in memory', () => {
  it.each(seeds)('agrees with PostgreSQL at every statement under seed %i', { timeout: 180_000 }, async (seed) => {
    const { kysely, dispose } = await createTestDb(seededRandom(1))
    try {
      await migrate(kysely, {
        ...{ ...leaseMigrations, ...presenceMigrations, ...fleetMigrations, ...sessionsMigrations },
        ...{ ...resultsMigrations, ...matchmakingMigrations },
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
