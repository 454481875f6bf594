import { type Kysely, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase } from '../../test/test-database.ts'
import { systemClock } from './clock.ts'
import { afterCommit, createDb, type Db, isUniqueViolation, readDatabaseClock, sqlOf, type Tx } from './db.ts'
import { createLog, silentLog } from './log.ts'
import { openPostgres } from './postgres.ts'
import { seededRandom } from './random.ts'

interface Tables {
  notes: { id: number; words: string }
}

const failed = new Error('planted')
const ground = { clock: systemClock, random: seededRandom(1) }

describe('the database', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>
  let kysely: Kysely<unknown>
  let db: Db
  beforeEach(async () => {
    database = await testDatabase()
    kysely = openPostgres({ connection: database.connection, connectionsMax: 5, log: silentLog })
    db = createDb(kysely, ground)
    await sql`create table notes (id int primary key, words text not null)`.execute(kysely)
  })
  afterEach(async () => {
    await kysely.destroy()
    await database[Symbol.asyncDispose]()
  })

  const write = (tx: Tx, id: number, words = 'x') =>
    sqlOf<Tables>(tx).insertInto('notes').values({ id, words }).execute()
  const change = (tx: Tx, id: number, words: string) =>
    sqlOf<Tables>(tx).updateTable('notes').set({ words }).where('id', '=', id).execute()
  const notes = async () =>
    (await db.once((tx) => sqlOf<Tables>(tx).selectFrom('notes').selectAll().orderBy('id').execute())).map(
      ({ id, words }) => `${id} ${words}`,
    )
  /** Ends the connection that `tx` runs on, as an administrator or a crash would. */
  const kill = (tx: Tx) => sql`select pg_terminate_backend(pg_backend_pid())`.execute(sqlOf(tx))
  /** Makes every commit of a note end with its connection. */
  const dieWhileCommitting = async () => {
    await sql`create function die() returns trigger language plpgsql as
      'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'`.execute(kysely)
    await sql`create constraint trigger dies after insert on notes deferrable initially deferred
      for each row execute function die()`.execute(kysely)
  }

  it('says of a full disk that there is no room, whatever was asked, and that nothing was changed', async () => {
    const fill = (tx: Tx) =>
      sql.raw("do $$ begin raise 'could not extend file' using errcode = 'disk_full'; end $$").execute(sqlOf(tx))
    const refusal = { code: 'UNAVAILABLE', message: 'The database has no room left on its disk.' }
    await expect(db.once(fill)).rejects.toMatchObject(refusal)
    const written = db.transact(async (tx) => {
      await write(tx, 1)
      await fill(tx)
    })
    await expect(written).rejects.toMatchObject(refusal)
    expect(await notes()).toEqual([])
  })

  it('does all of a transaction, or nothing', async () => {
    expect(
      await db.transact(async (tx) => {
        await write(tx, 1)
        await write(tx, 2)
        return 'done'
      }),
    ).toBe('done')
    await expect(
      db.transact(async (tx) => {
        await write(tx, 3)
        throw failed
      }),
    ).rejects.toBe(failed)
    expect(await notes()).toEqual(['1 x', '2 x'])
  })

  it('repeats a transaction that met another in a deadlock', async () => {
    await db.transact(async (tx) => {
      await write(tx, 1)
      await write(tx, 2)
    })
    let attempts = 0
    let arrived = 0
    const bothHoldOne: (() => void)[] = []
    const cross = (first: number, second: number, words: string) =>
      db.transact(async (tx) => {
        attempts++
        await change(tx, first, words)
        if (++arrived < 2) await new Promise<void>((resolve) => void bothHoldOne.push(resolve))
        for (const release of bothHoldOne.splice(0)) release()
        await change(tx, second, words)
      })
    await Promise.all([cross(1, 2, 'there'), cross(2, 1, 'back')])
    expect(attempts).toBe(3)
    expect(new Set((await notes()).map((note) => note.slice(2))).size).toBe(1)
  })

  it('repeats what could not be serialized, and acts after the commit alone', async () => {
    let attempts = 0
    const acted: number[] = []
    await db.transact(async (tx) => {
      const attempt = ++attempts
      afterCommit(tx, () => acted.push(attempt))
      await write(tx, 1)
      if (attempt < 3) throw Object.assign(new Error('serialize'), { code: '40001' })
    })
    expect({ attempts, acted }).toEqual({ attempts: 3, acted: [3] })
    expect(await notes()).toEqual(['1 x'])
  })

  it('gives up where it comes to nothing again and again', async () => {
    let attempts = 0
    const deadlock = Object.assign(new Error('deadlock'), { code: '40P01' })
    await expect(
      db.transact(async () => {
        attempts++
        throw deadlock
      }),
    ).rejects.toBe(deadlock)
    expect(attempts).toBe(8)
  })

  it('acts after the commit, when others see it, and not where there was none', async () => {
    const acted: string[] = []
    await db.transact(async (tx) => {
      afterCommit(tx, () => acted.push('first'))
      await write(tx, 1)
      afterCommit(tx, () => acted.push('second'))
      expect(acted).toEqual([])
    })
    expect(acted).toEqual(['first', 'second'])
    await expect(
      db.transact(async (tx) => {
        afterCommit(tx, () => acted.push('never'))
        throw failed
      }),
    ).rejects.toBe(failed)
    await db.once(async (tx) => {
      afterCommit(tx, () => acted.push('once'))
      await write(tx, 2)
    })
    expect(acted).toEqual(['first', 'second', 'once'])
    expect(() => afterCommit(kysely as unknown as Tx, () => undefined)).toThrow(/transact or once/)
  })

  it('keeps apart what follows each of many statements at once', async () => {
    const acted: number[] = []
    await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) =>
        db.once(async (tx) => {
          afterCommit(tx, () => acted.push(at))
          await write(tx, at % 10)
        }),
      ),
    )
    expect(acted).toHaveLength(10)
    expect(new Set(acted.map((at) => at % 10)).size).toBe(10)
  })

  it('has committed, though what follows fails', async () => {
    const lines: string[] = []
    const log = createLog({ level: 'error', pretty: false }, { write: (line) => void lines.push(line) })
    const acted: string[] = []
    await createDb(kysely, { ...ground, log }).transact(async (tx) => {
      afterCommit(tx, () => {
        throw failed
      })
      afterCommit(tx, () => acted.push('others'))
      await write(tx, 1)
    })
    expect(acted).toEqual(['others'])
    expect(lines).toHaveLength(1)
    expect(await notes()).toEqual(['1 x'])
  })

  it('says that the outcome is unknown where the connection is lost while committing', async () => {
    await dieWhileCommitting()
    const acted: string[] = []
    await expect(
      db.transact(async (tx) => {
        afterCommit(tx, () => acted.push('never'))
        await write(tx, 1)
      }),
    ).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryAfterS: 1 })
    expect(acted).toEqual([])
    await expect(db.once((tx) => write(tx, 2))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(await notes()).toEqual([])
  })

  it('says that nothing happened where the connection is lost before that', async () => {
    const lost = db.transact(async (tx) => {
      await write(tx, 1)
      await kill(tx)
    })
    await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const noticedLate = db.transact(async (tx) => {
      await write(tx, 1)
      await kill(tx).catch(() => undefined)
      await write(tx, 2)
    })
    await expect(noticedLate).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await notes()).toEqual([])
  })

  it('goes on with new connections after old ones were lost, however many', async () => {
    await Promise.allSettled(Array.from({ length: 10 }, () => db.transact((tx) => kill(tx))))
    await Promise.all(Array.from({ length: 10 }, (_, at) => db.transact((tx) => write(tx, at))))
    expect(await notes()).toHaveLength(10)
  })

  it('says that it is away where there is no server', async () => {
    const nowhere = openPostgres({ connection: 'postgres://x@127.0.0.1:1/x', connectionsMax: 1, log: silentLog })
    const away = createDb(nowhere, ground)
    await expect(away.transact((tx) => write(tx, 1))).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503 })
    await expect(away.once((tx) => write(tx, 1))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await nowhere.destroy()
  })

  it('does not wait for ever for a connection', async () => {
    const narrow = openPostgres({ connection: database.connection, connectionsMax: 1, log: silentLog })
    const one = createDb(narrow, ground)
    await one.transact(async () => {
      await expect(one.once((tx) => write(tx, 1))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    })
    await one.once((tx) => write(tx, 1))
    await narrow.destroy()
    expect(await notes()).toEqual(['1 x'])
  })

  it('is left only once its connections are gone, so that who ends it breaks off none', async () => {
    const lines: string[] = []
    const log = createLog({ level: 'info', pretty: false }, { write: (line) => void lines.push(line) })
    for (let rounds = 0; rounds < 5; rounds++) {
      const other = openPostgres({ connection: database.connection, connectionsMax: 20, log })
      const asked = Array.from({ length: 20 }, () =>
        sql<{ pid: number }>`select pg_backend_pid() as pid, pg_sleep(0.05)`.execute(other),
      )
      const pids = (await Promise.all(asked)).map(({ rows }) => rows[0]?.pid ?? 0)
      await other.destroy()
      const { rows } = await sql`select pid from pg_stat_activity where pid = any(${pids}::int[])`.execute(kysely)
      expect(rows).toEqual([])
    }
    expect(lines).toEqual([])
  })

  it('passes on what a caller did, told apart', async () => {
    await db.once((tx) => write(tx, 1))
    const again = await db.once((tx) => write(tx, 1)).catch((error: unknown) => error)
    expect(isUniqueViolation(again)).toBe(true)
    expect(isUniqueViolation(failed)).toBe(false)
  })

  it('tells its own time, and reads its large numbers as numbers', async () => {
    expect(Math.abs((await readDatabaseClock(kysely)) - Date.now())).toBeLessThan(5_000)
    const { rows } = await sql<{
      big: number
      sum: number
    }>`select 9007199254740991::bigint as big, 1.5::numeric as sum`.execute(kysely)
    expect(rows).toEqual([{ big: 9_007_199_254_740_991, sum: 1.5 }])
  })
})
