import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { type Clock, syncClock, systemClock } from './clock.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { createDb, type Db, readDatabaseClock } from './db.ts'
import { startEmbeddedPostgres } from './embedded-postgres/index.ts'
import { lockFolder } from './folder-lock.ts'
import type { Log } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { openPostgres } from './postgres.ts'
import { type Random, systemRandom } from './random.ts'
import { createSecrets, type Secrets } from './secrets.ts'
import type { SoftState } from './soft-state.ts'
import { memorySoftState } from './soft-state-memory.ts'
import { redisSoftState } from './soft-state-redis.ts'

/** What a server stands on: real here, simulated in tests. */
export interface Ground extends AsyncDisposable {
  clock: Clock
  random: Random
  log: Log
  metrics: Metrics
  db: Db
  kysely: Kysely<unknown>
  soft: SoftState
  secrets: Secrets
  data: DataFolder
  /** Names what this machine runs on, for who starts it. */
  described: string
  /** Resolves with the reason when the embedded PostgreSQL is lost for good; never, where there is none. */
  lost: Promise<Error>
}

export interface GroundOptions {
  dataDir: string
  secretFile?: string
  /** Unless told, a PostgreSQL of our own in the data folder. */
  databaseUrl?: string
  databaseConnectionsMax: number
  /** Unless told, in this process. */
  redisUrl?: string
  log: Log
}

/** The embedded PostgreSQL takes 60; some are left for commands beside the server. */
const embeddedConnectionsMax = 50

/** Opens the data folder, the database and the shared state; what was opened is released in the opposite order, also
 *  where a later one could not be opened. */
export async function openGround(options: GroundOptions): Promise<Ground> {
  const releases: (() => Promise<unknown>)[] = []
  const release = async () => {
    for (const one of releases.splice(0).reverse()) await one()
  }
  try {
    return { ...(await open(options, (one) => releases.push(one))), [Symbol.asyncDispose]: release }
  } catch (error) {
    await release()
    throw error
  }
}

async function open(options: GroundOptions, releaseBy: (release: () => Promise<unknown>) => void) {
  const { log } = options
  const kept = <T extends AsyncDisposable>(opened: T): T => {
    releaseBy(async () => opened[Symbol.asyncDispose]())
    return opened
  }
  const data = await openDataFolder(options.dataDir, options.secretFile)
  // The embedded PostgreSQL is the lock on its own folder.
  if (options.databaseUrl !== undefined) kept(await lockFolder(join(data.path, 'node.lock')))
  const embedded =
    options.databaseUrl === undefined
      ? kept(await startEmbeddedPostgres({ dataDir: data.postgres, log: (line) => log.debug({ line }, 'postgres') }))
      : null
  const kysely = openPostgres({
    connection: options.databaseUrl ?? embedded?.connection ?? {},
    connectionsMax: Math.min(options.databaseConnectionsMax, embedded === null ? Infinity : embeddedConnectionsMax),
    log,
  })
  releaseBy(() => kysely.destroy())
  const clock = kept(await syncClock(() => readDatabaseClock(kysely)))
  const soft = kept(
    options.redisUrl === undefined
      ? memorySoftState(systemClock, log)
      : await redisSoftState({ url: options.redisUrl, log }),
  )
  return {
    ...{ clock, log, kysely, soft, data },
    lost: new Promise<Error>((resolve) => {
      void embedded?.ended.then((reason) => {
        if (reason !== undefined) resolve(reason)
      })
    }),
    random: systemRandom,
    metrics: createMetrics({ process: true }),
    db: createDb(kysely, { clock: systemClock, random: systemRandom, log }),
    secrets: createSecrets(data.rootSecret),
    described: [
      embedded === null ? 'PostgreSQL' : `its own PostgreSQL in ${data.path}`,
      options.redisUrl === undefined ? 'no Redis' : 'Redis',
    ].join(', '),
  }
}
