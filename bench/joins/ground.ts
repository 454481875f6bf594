import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PlayerId } from '@muster/protocol'
import type * as Matchmaking from '../../packages/server/src/modules/matchmaking/index.ts'
import type * as Places from '../../packages/server/src/modules/presence/places.ts'
import type * as PresenceStore from '../../packages/server/src/modules/presence/store.ts'
import type * as Clock from '../../packages/server/src/platform/clock.ts'
import type * as Database from '../../packages/server/src/platform/db.ts'
import type * as Embedded from '../../packages/server/src/platform/embedded-postgres/index.ts'
import type * as Ids from '../../packages/server/src/platform/ids.ts'
import type * as Lease from '../../packages/server/src/platform/lease.ts'
import type * as Log from '../../packages/server/src/platform/log.ts'
import type * as Metrics from '../../packages/server/src/platform/metrics.ts'
import type * as Options from '../../packages/server/src/platform/options.ts'
import type * as Postgres from '../../packages/server/src/platform/postgres.ts'
import type * as Random from '../../packages/server/src/platform/random.ts'
import type * as Soft from '../../packages/server/src/platform/soft-state-memory.ts'
import type * as Wakes from '../../packages/server/src/platform/wakes.ts'

/** The server as it was built; a benchmark measures what is shipped. */
const part = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../../packages/server/dist/${path}.js`, import.meta.url).href)) as T

/** Matchmaking and the places of its players, on a PostgreSQL of its own with everything that makes a commit last. */
export async function openGround() {
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
  const { readOptions } = await part<typeof Options>('platform/options')
  const { createPlaces } = await part<typeof Places>('modules/presence/places')
  const { presenceMigrations, sqlPresenceStore } = await part<typeof PresenceStore>('modules/presence/store')
  const matchmaking = await part<typeof Matchmaking>('modules/matchmaking/index')

  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'))
  const postgres = await startEmbeddedPostgres({ dataDir: folder })
  const kysely = openPostgres({ connection: postgres.connection, connectionsMax: 10, log })
  await migrate(kysely, { ...leaseMigrations, ...presenceMigrations, ...matchmaking.matchmakingMigrations })
  const mintId = idMint(clock)
  const db = createDb(kysely, { clock, random })
  const soft = memorySoftState(clock)
  const node = 'bench'
  const wakes = await createWakes({ clock, soft, log, node })
  const places = createPlaces(db, clock, sqlPresenceStore())
  const metrics = createMetrics({ process: false })

  // Nobody suits anybody, so all who join go on waiting.
  let rating = 10_000_000
  const queue = readOptions(
    matchmaking.queueOptions,
    { mode: 'duel', board: 'duel', window: { initial: 0.001, perSecond: 0.001, max: 0.01 } },
    'the queue',
  )
  const module = matchmaking.createMatchmaking(
    {
      ...{ clock, random, mintId, db, soft, wakes, log, metrics, node, places, leases: createLeases(db, clock) },
      push: async () => undefined,
      onMessage: () => undefined,
      ratingsOf: async (_, players) => new Map(players.map((player) => [player, { points: rating++ }])),
      peopleOf: async () => new Map(),
      openSession: async () => 'session_0',
      leaveSession: async () => undefined,
      sessionsView: async () => new Map(),
      admissionOf: async () => null,
    },
    { ...readOptions(matchmaking.matchmakingOptions, {}, 'the options'), queues: { duel: queue } },
  )
  const create = module.routes.find(({ contract }) => contract.method === 'POST' && contract.creates === true)
  if (create === undefined) throw new Error('Nothing can be joined.')

  return {
    ...{ kysely, db, mintId, metrics, start: module.start },
    join: (player: PlayerId) =>
      create.handle({
        ...{ caller: { kind: 'player', player, guest: false }, body: { queues: ['duel'] }, mintId },
      } as never),
    async [Symbol.asyncDispose]() {
      await module.stop()
      await kysely.destroy()
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Ground = Awaited<ReturnType<typeof openGround>>
