import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'
import { isConnectionError } from './db.ts'
import type { Log } from './log.ts'

/** `int8` and `numeric` columns hold counters and milliseconds here, all below 2^53, so they are read as numbers. */
pg.types.setTypeParser(20, Number)
pg.types.setTypeParser(1700, Number)

export type Migrations = Readonly<Record<string, Migration>>

export interface PostgresOptions {
  /** A `postgres://` address, or the parts of one (a Unix socket's folder as `host`). */
  connection: string | pg.PoolConfig
  connectionsMax: number
  log: Log
}

/** A pool of connections that gives up rather than waits for ever. */
export function openPostgres({ connection, connectionsMax, log }: PostgresOptions): Kysely<unknown> {
  const pool = new pg.Pool({
    ...(typeof connection === 'string' ? { connectionString: connection } : connection),
    max: connectionsMax,
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
    statement_timeout: 20_000,
    idle_in_transaction_session_timeout: 30_000,
    application_name: 'muster',
  })
  // The error carries the whole connection, which is too much for a log.
  pool.on('error', ({ message }) => log.warn({ reason: message }, 'an idle database connection was lost'))
  // The pool listens only while a connection is idle. One that dies in use tells who uses it, but it also emits an error,
  // and an error that nobody listens to ends the process.
  pool.on('connect', (client) => client.on('error', (error) => log.debug({ err: error }, 'a connection was lost')))
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool: lendOnlyGood(pool, untilClosed(pool)) }) })
}

const closeWaitMs = 2_000

/** The pool says that it has ended once it has asked its connections to; whoever then ends the database breaks off those
 *  that have not gone yet. Resolves when all have, or after a while. */
function untilClosed(pool: pg.Pool): () => Promise<void> {
  const open = new Set<pg.PoolClient>()
  let allClosed: () => void = () => undefined
  pool.on('connect', (client) => open.add(client))
  pool.on('remove', (client) => {
    open.delete(client)
    if (open.size === 0) allClosed()
  })
  return async () => {
    if (open.size === 0) return
    await new Promise<void>((resolve) => {
      const tired = setTimeout(resolve, closeWaitMs)
      allClosed = () => {
        clearTimeout(tired)
        resolve()
      }
    })
  }
}

/** A connection that failed as such is not lent again: the pool would learn only later that it is dead, or what it is
 *  still busy with. */
function lendOnlyGood(pool: pg.Pool, closed: () => Promise<void>): PostgresPool {
  const lent = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  const watched = (client: pg.PoolClient): PostgresPoolClient => {
    let broken = false
    const query = async (text: string, parameters: unknown[]) => {
      try {
        return await client.query(text, parameters)
      } catch (error) {
        broken ||= isConnectionError(error)
        throw error
      }
    }
    return {
      query,
      release: (destroy?: boolean) => client.release(destroy === true || broken),
    } as unknown as PostgresPoolClient
  }
  return {
    options: pool.options,
    async end() {
      await pool.end()
      await closed()
    },
    async connect() {
      const client = await pool.connect()
      const known = lent.get(client) ?? watched(client)
      lent.set(client, known)
      return known
    },
  }
}

/** Brings the tables up to date. Any number of nodes may do so at once: the migrator holds a lock. */
export async function migrate(kysely: Kysely<unknown>, migrations: Migrations): Promise<string[]> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: 'platform_migrations',
    migrationLockTableName: 'platform_migrations_lock',
    allowUnorderedMigrations: true,
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName
    throw new Error(`The database could not be brought up to date${failed === undefined ? '' : ` (${failed})`}.`, {
      cause: error,
    })
  }
  return (results ?? []).map((result) => result.migrationName)
}

/** Those that were never made here. Looks only: a database without any tables stays so. */
export async function missingMigrations(kysely: Kysely<unknown>, migrations: Migrations): Promise<string[]> {
  const there = await sql<{ found: string | null }>`select to_regclass('platform_migrations')::text as found`.execute(
    kysely,
  )
  if (!there.rows[0]?.found) return Object.keys(migrations)
  const { rows } = await sql<{ name: string }>`select name from platform_migrations`.execute(kysely)
  const made = new Set(rows.map((row) => row.name))
  return Object.keys(migrations).filter((name) => !made.has(name))
}

/** A migration of plain statements, run in order. */
export const statements = (...texts: string[]): Migration => ({
  async up(db: Kysely<unknown>) {
    for (const text of texts) await sql.raw(text).execute(db)
  },
})
