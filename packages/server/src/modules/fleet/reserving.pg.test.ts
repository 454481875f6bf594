import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claim, freshFleetStore, server } from '../../../test/support/fleet-store.ts'
import { createTestDb } from '../../../test/support/open-database.ts'
import { migrate } from '../../platform/postgres.ts'
import { seededRandom } from '../../platform/random.ts'
import { fleetMigrations } from './store/migrations.ts'
import { sqlFleetStore } from './store/sql.ts'

describe('reserving in PostgreSQL', () => {
  let database: Awaited<ReturnType<typeof createTestDb>>
  const store = sqlFleetStore()
  const { hold } = freshFleetStore(async () => ({
    ...{ db: database.db, store },
    [Symbol.asyncDispose]: async () => undefined,
  }))
  beforeAll(async () => {
    database = await createTestDb(seededRandom(1))
    await migrate(database.kysely, fleetMigrations)
  })
  afterAll(() => database.dispose())

  // Which of the two is let go first is PostgreSQL's to choose, and but one of the ways could end in a ring.
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('does not wait in a ring as the last slots go (%i)', async (round) => {
    const { db, kysely } = database
    // Who is given what it waited for waits no more in here at once, and not only when it has noticed.
    const countWaiting = async () => {
      const { rows } = await sql`
        select from pg_locks where not granted
          and pid in (select pid from pg_stat_activity where datname = current_database())`.execute(kysely)
      return rows.length
    }
    const mode = `mode${round}`
    for (const [name, capacity] of Object.entries({ a: 3, b: 4 })) {
      await db.transact((tx) => store.register(tx, server(`${name}${round}`, { capacity, modes: [mode] })))
    }
    const claimOf = (name: string, slots: number) => claim(`${name}_${round}`, { mode, slots })
    const holding = (name: string, slots: number) => hold((tx) => store.reserve(tx, claimOf(name, slots), 2_000))
    // A single statement is not done again for whom the database found in a ring.
    const reserve = (name: string) => db.once((tx) => store.reserve(tx, claimOf(name, 2), 2_000))

    const takesA = await holding('a', 3)
    const takesHalfOfB = await holding('half', 2)
    const first = reserve('first')
    await expect.poll(countWaiting).toBe(1)
    await takesHalfOfB.commit()
    const takesRestOfB = await holding('rest', 2)
    // `a` is the fuller one for the first, `b` for the second: each finds its choice gone and looks at the other's.
    const second = reserve('second')
    await expect.poll(countWaiting).toBe(2)
    await takesA.commit()
    await expect.poll(countWaiting).toBe(2)
    await takesRestOfB.commit()
    expect(await Promise.all([first, second])).toEqual([null, null])
  })
})
