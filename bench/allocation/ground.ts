import type { KeyId, ServerId } from '@muster/protocol'
import type * as Allocator from '../../packages/server/src/modules/fleet/allocator.ts'
import type * as Figures from '../../packages/server/src/modules/fleet/figures.ts'
import type * as Tables from '../../packages/server/src/modules/fleet/store/migrations.ts'
import type * as Store from '../../packages/server/src/modules/fleet/store/sql.ts'
import type * as Sessions from '../../packages/server/src/modules/sessions/migrations.ts'
import { part } from '../built.ts'
import { openPlatform, type Platform } from '../ground.ts'

export interface Ground extends AsyncDisposable {
  platform: Platform
  allocator: Allocator.Allocator
  /** Servers that have registered and are ready, each with so many slots. */
  register(count: number, capacity: number): Promise<void>
}

const registeringAtOnce = 20

/** The fleet's directory and its allocator, and the tables of sessions, on a PostgreSQL of their own with everything that
 *  makes a commit last. */
export async function openGround(connections: number): Promise<Ground> {
  const { createAllocator } = await part<typeof Allocator>('modules/fleet/allocator')
  const { createFigures } = await part<typeof Figures>('modules/fleet/figures')
  const { sqlFleetStore } = await part<typeof Store>('modules/fleet/store/sql')
  const { fleetMigrations } = await part<typeof Tables>('modules/fleet/store/migrations')
  const { sessionsMigrations } = await part<typeof Sessions>('modules/sessions/migrations')
  const platform = await openPlatform({ ...fleetMigrations, ...sessionsMigrations }, connections)
  const { clock, db, wakes, mintId } = platform
  const store = sqlFleetStore()
  const allocator = createAllocator({
    clock,
    db,
    wakes,
    store,
    figures: createFigures(platform.metrics),
    judgePort: () => undefined,
  })

  async function registerOne(id: ServerId, capacity: number): Promise<void> {
    const says = { id, name: id, address: '127.0.0.1', ports: { game: 7_000 }, capacity, region: null }
    const server = { ...says, modes: ['duel'], maps: [], labels: {} }
    const run = { instance: mintId('instance'), key: 'key_bench' as KeyId, gamePort: 7_000, now: clock.now() }
    await db.transact((tx) => store.register(tx, { ...server, ...run }))
  }

  return {
    ...{ platform, allocator },
    async register(count, capacity) {
      let next = 0
      const registerNext = async () => {
        for (let at = next++; at < count; at = next++) await registerOne(`server-${at}` as ServerId, capacity)
      }
      await Promise.all(Array.from({ length: registeringAtOnce }, registerNext))
    },
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  }
}
