import { Refusal } from '@muster/protocol'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Clock } from './clock.ts'
import { sleep } from './clock.ts'
import { type Log, silentLog } from './log.ts'
import { jittered, type Random } from './random.ts'

declare const brand: unique symbol
/** A transaction, or a single statement's connection. Opaque: a store turns it into what it was made of (`sqlOf`). */
export interface Tx {
  readonly [brand]: 'tx'
}

/** Where what must be true is kept. Stores take the `Tx`; roles decide what happens in one. */
export interface Db {
  /**
   * All or nothing. `run` may be called again when the database asks for it (a deadlock, a serialization failure), so it
   * must do nothing but database work and computing. Throws `OUTCOME_UNKNOWN` when the connection is lost while
   * committing: it may have taken effect.
   */
  transact<T>(run: (tx: Tx) => Promise<T>): Promise<T>
  /** Single statements, each its own transaction, without the cost of BEGIN and COMMIT. */
  once<T>(run: (tx: Tx) => Promise<T>): Promise<T>
}

const afterwards = new WeakMap<Tx, (() => void)[]>()

/** Runs once the transaction has committed, and never if it did not: the place for hints to others. */
export function afterCommit(tx: Tx, run: () => void): void {
  const known = afterwards.get(tx)
  if (known === undefined) throw new Error('afterCommit takes the Tx that transact or once handed out.')
  known.push(run)
}

/** The tables are declared by each store: `sqlOf<FleetTables>(tx)`. */
export const sqlOf = <Tables>(tx: Tx): Kysely<Tables> => tx as unknown as Kysely<Tables>

const txOf = (executor: Kysely<unknown> | Transaction<unknown>): Tx => executor as unknown as Tx

/** Runs with a place for what is to follow the commit. For who makes a `Db`. */
export async function runWith<T>(tx: Tx, run: (tx: Tx) => Promise<T>): Promise<{ value: T; after: (() => void)[] }> {
  const after: (() => void)[] = []
  afterwards.set(tx, after)
  return { value: await run(tx), after }
}

const retriedCodes = new Set(['40001', '40P01'])
const attemptsMax = 8

interface PgError {
  code?: string
  message?: string
}

const codeOf = (error: unknown): string | undefined => (error as PgError | null)?.code

/** A lost or refused connection, a server that stops or starts: nothing that a caller did. */
export function isConnectionError(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  if (/^(08|57P0[1-5]|53300)/.test(code)) return true
  if (/^E(CONN|PIPE|NOENT|TIMEDOUT)/.test(code)) return true
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout/.test(
    (error as PgError | null)?.message ?? '',
  )
}

/** The database has no room left to write: nothing was changed, and nothing is wrong with what was asked. */
const isFull = (error: unknown): boolean => codeOf(error) === '53100'

const full = (cause: unknown) =>
  new Refusal('UNAVAILABLE', { detail: 'The database has no room left on its disk.', retryAfterS: 5, cause })

/** The statement was never sent. */
const neverConnected = (error: unknown): boolean =>
  /^(57P03|53300|ECONNREFUSED|ENOENT)$/.test(codeOf(error) ?? '') ||
  /timeout exceeded when trying to connect|due to connection timeout/.test((error as PgError | null)?.message ?? '')

/** Begins anew where the database asked for it, at most so many times, with longer and longer breaks. */
export async function retrying<T>(ground: { clock: Clock; random: Random }, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt()
    } catch (error) {
      if (!retriedCodes.has(codeOf(error) ?? '') || attempts >= attemptsMax) throw error
      await sleep(ground.clock, jittered(ground.random, 4 * 2 ** attempts))
    }
  }
}

export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === '23505'

export function createDb(kysely: Kysely<unknown>, ground: { clock: Clock; random: Random; log?: Log }): Db {
  const { log = silentLog } = ground
  /** It is committed: whatever goes wrong from here on must not look as if it were not. */
  function actAfter(after: (() => void)[]) {
    for (const act of after) {
      try {
        act()
      } catch (error) {
        log.error({ err: error }, 'what follows a commit failed')
      }
    }
  }

  async function attempt<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    let ran = false
    try {
      const { value, after } = await kysely.transaction().execute(async (tx) => {
        const done = await runWith(txOf(tx), run)
        ran = true
        return done
      })
      actAfter(after)
      return value
    } catch (error) {
      if (isFull(error)) throw full(error)
      if (!isConnectionError(error)) throw error
      throw new Refusal(ran ? 'OUTCOME_UNKNOWN' : 'UNAVAILABLE', { retryAfterS: 1, cause: error })
    }
  }

  return {
    transact: (run) => retrying(ground, () => attempt(run)),
    async once(run) {
      try {
        // A handle of its own for each call, so that what runs afterwards belongs to this call alone.
        const { value, after } = await runWith(txOf(kysely.withoutPlugins()), run)
        actAfter(after)
        return value
      } catch (error) {
        if (isFull(error)) throw full(error)
        if (!isConnectionError(error)) throw error
        throw new Refusal(neverConnected(error) ? 'UNAVAILABLE' : 'OUTCOME_UNKNOWN', { retryAfterS: 1, cause: error })
      }
    },
  }
}

/** One moment of the whole database, however long `run` looks at it, and nothing of it can be changed. It holds up nobody. */
export const atOneMoment = <T>(kysely: Kysely<unknown>, run: (tx: Tx) => Promise<T>): Promise<T> =>
  kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((tx) => run(txOf(tx)))

/** The database's own clock, in milliseconds since the epoch. */
export async function readDatabaseClock(kysely: Kysely<unknown>): Promise<number> {
  const { rows } = await sql<{ now: string }>`select extract(epoch from clock_timestamp()) * 1000 as now`.execute(
    kysely,
  )
  return Number(rows[0]?.now)
}
