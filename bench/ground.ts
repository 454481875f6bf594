import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import type * as Clock from '../packages/server/src/platform/clock.ts'
import type * as Database from '../packages/server/src/platform/db.ts'
import type * as Embedded from '../packages/server/src/platform/embedded-postgres/index.ts'
import type * as Ids from '../packages/server/src/platform/ids.ts'
import type * as Lease from '../packages/server/src/platform/lease.ts'
import type * as Log from '../packages/server/src/platform/log.ts'
import type * as Metrics from '../packages/server/src/platform/metrics.ts'
import type * as Postgres from '../packages/server/src/platform/postgres.ts'
import type * as Random from '../packages/server/src/platform/random.ts'
import type * as SoftState from '../packages/server/src/platform/soft-state.ts'
import type * as Soft from '../packages/server/src/platform/soft-state-memory.ts'
import type * as Wakes from '../packages/server/src/platform/wakes.ts'
import { part } from './built.ts'

export interface Platform extends AsyncDisposable {
  clock: Clock.Clock
  random: Random.Random
  mintId: Ids.MintId
  db: Database.Db
  kysely: Kysely<unknown>
  soft: SoftState.SoftState
  wakes: Wakes.Wakes
  log: Log.Log
  node: string
  leases: Lease.Leases
  metrics: Metrics.Metrics
}

/** What a module stands on, with a PostgreSQL of its own and everything that makes a commit last. */
export async function openPlatform(tables: Postgres.Migrations, connectionsMax: number): Promise<Platform> {
  const { startEmbeddedPostgres } = await part<typeof Embedded>('platform/embedded-postgres/index')
  const { openPostgres, migrate } = await part<typeof Postgres>('platform/postgres')
  const { createDb } = await part<typeof Database>('platform/db')
  const { systemClock: clock } = await part<typeof Clock>('platform/clock')
  const { systemRandom: random } = await part<typeof Random>('platform/random')
  const { idMint } = await part<typeof Ids>('platform/ids')
  const { createLeases, leaseMigrations } = await part<typeof Lease>('platform/lease')
  const { createWakes } = await part<typeof Wakes>('platform/wakes')
  const { memorySoftState } = await part<typeof Soft>('platform/soft-state-memory')
  const { createMetrics } = await part<typeof Metrics>('platform/metrics')
  const { silentLog: log } = await part<typeof Log>('platform/log')

  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'))
  const postgres = await startEmbeddedPostgres({ dataDir: folder })
  const kysely = openPostgres({ connection: postgres.connection, connectionsMax, log })
  await migrate(kysely, { ...leaseMigrations, ...tables })
  const db = createDb(kysely, { clock, random })
  const soft = memorySoftState(clock)
  const node = 'bench'
  const wakes = await createWakes({ clock, soft, log, node })
  return {
    ...{ clock, random, mintId: idMint(clock), db, kysely, soft, wakes, log, node },
    leases: createLeases(db, clock),
    metrics: createMetrics({ process: false }),
    async [Symbol.asyncDispose]() {
      await wakes[Symbol.asyncDispose]()
      await soft[Symbol.asyncDispose]()
      await kysely.destroy()
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
