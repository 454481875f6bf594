import type { Authenticators } from '../../src/platform/http/admission.ts'
import { createIdempotency, idempotencyMigrations } from '../../src/platform/http/idempotency.ts'
import { createLimits } from '../../src/platform/http/limits.ts'
import type { Route } from '../../src/platform/http/route.ts'
import { createHttpServer } from '../../src/platform/http/server.ts'
import { idMint } from '../../src/platform/ids.ts'
import { createLeases, leaseMigrations } from '../../src/platform/lease.ts'
import { type Log, silentLog } from '../../src/platform/log.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { type Migrations, migrate } from '../../src/platform/postgres.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { createSecrets } from '../../src/platform/secrets.ts'
import { memorySoftState } from '../../src/platform/soft-state-memory.ts'
import { createWakes } from '../../src/platform/wakes.ts'
import { createTestDb } from './open-database.ts'
import { simulatedClock } from './simulated-clock.ts'

const nobody = async () => null

/** What a module stands on in a test: a real database of its own, a clock that the test moves, no Redis. */
export async function moduleGround(
  migrations: Migrations,
  options: { node?: string; startMs?: number; log?: Log } = {},
) {
  const clock = simulatedClock(options.startMs)
  const random = seededRandom(1)
  const { log = silentLog } = options
  const { db, kysely, dispose } = await createTestDb(random)
  await migrate(kysely, { ...leaseMigrations, ...idempotencyMigrations, ...migrations })
  const soft = memorySoftState(clock)
  const node = options.node ?? 'node-1'
  const wakes = await createWakes({ clock, soft, log, node })
  const secrets = createSecrets(Buffer.alloc(32, 7))
  const limits = createLimits(soft, clock.now)
  const metrics = createMetrics({ process: false })
  const mintId = idMint(clock)
  const leases = createLeases(db, clock)
  const idempotency = createIdempotency({ db, clock, random, log, secrets })

  return {
    ...{ clock, random, log, db, kysely, soft, node, wakes, secrets, limits, metrics, mintId, leases, idempotency },
    /** The routes behind the real HTTP edge; call them with `inject`. */
    async serve(routes: Route[], authenticators: Partial<Authenticators> = {}) {
      const ground = { clock, log, metrics, mintId, limits, idempotency }
      const server = await createHttpServer(
        { ...ground, authenticators: { player: nobody, key: nobody, report: nobody, ...authenticators } },
        {
          trustedProxies: [],
          bodyBytesMax: 65_536,
          origins: [],
          rate: { name: 'request', max: 100_000, perMs: 1_000 },
          version: '0.0.0',
        },
        routes,
      )
      await server.fastify.ready()
      return server.fastify
    },
    async [Symbol.asyncDispose]() {
      await wakes[Symbol.asyncDispose]()
      await soft[Symbol.asyncDispose]()
      await dispose()
    },
  }
}

export type ModuleGround = Awaited<ReturnType<typeof moduleGround>>
