import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask } from '../../../test/embedded-postgres/ask.ts'
import { childMuster, eventually } from '../../../test/embedded-postgres/child-muster.ts'
import { removeFolder } from '../../../test/embedded-postgres/remove-folder.ts'
import { startEmbeddedPostgres } from './index.ts'
import { pidsSaying } from './processes.ts'

let folder: string
let dataDir: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'muster-pg-')))
  dataDir = join(folder, 'data')
})
afterEach(() => removeFolder(folder))

const postmasters = () => pidsSaying(`muster.cluster=${dataDir}/`)
const watcherOf = (pid: number) => pidsSaying(`muster-watcher ${pid}`)

function draftsIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir).filter((name) => name.startsWith('draft-')) : []
}

describe('when Muster is killed', () => {
  it('ends by itself', async () => {
    await using muster = childMuster({ dataDir, writers: 1 })
    await muster.started
    await muster.moreRows(1)
    expect(postmasters()).toHaveLength(1)
    await muster.kill('SIGKILL')
    await eventually(() => postmasters().length === 0)
    expect(existsSync(join(dataDir, 'cluster/pgdata/postmaster.pid'))).toBe(false)
  })

  it('is ended by the next start, if its watcher was killed as well', async () => {
    await using muster = childMuster({ dataDir, writers: 1 })
    const { pid } = await muster.started
    await muster.moreRows(1)
    process.kill(muster.pid, 'SIGSTOP')
    for (const watcher of watcherOf(pid)) process.kill(watcher, 'SIGKILL')
    await muster.kill('SIGKILL')
    expect(postmasters()).toEqual([pid])

    const log: string[] = []
    await using next = await startEmbeddedPostgres({ dataDir, log: (line) => log.push(line) })
    expect(log).toContain(`ending the PostgreSQL (process ${pid}) of a Muster that is gone`)
    expect(postmasters()).toEqual([next.pid()])
    expect(next.pid()).not.toBe(pid)
  })

  it('is ended by the next start even where it was paused', async () => {
    await using muster = childMuster({ dataDir })
    const { pid } = await muster.started
    process.kill(pid, 'SIGSTOP')
    await muster.kill('SIGKILL')
    await using next = await startEmbeddedPostgres({ dataDir })
    expect(postmasters()).toEqual([next.pid()])
  })

  it('has its watcher replaced, should that be killed', async () => {
    await using muster = childMuster({ dataDir })
    const { pid } = await muster.started
    const [first] = watcherOf(pid)
    expect(first).toBeDefined()
    for (const watcher of watcherOf(pid)) process.kill(watcher, 'SIGKILL')
    await eventually(() => watcherOf(pid).some((watcher) => watcher !== first))
    await muster.kill('SIGKILL')
    await eventually(() => postmasters().length === 0)
  })
})

describe('when PostgreSQL is killed', () => {
  it('is started again, and connections made anew work', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDir })
    await ask(postgres.connection, 'CREATE TABLE kept ()')
    const before = postgres.pid()
    process.kill(before, 'SIGKILL')
    await eventually(() => postgres.pid() !== before)
    expect(await ask(postgres.connection, "SELECT to_regclass('kept') AS kept")).toEqual([{ kept: 'kept' }])
    await postgres.stop()
    expect(postmasters()).toEqual([])
  })

  it('is given up after it was killed again and again', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDir })
    let isGivenUp = false
    postgres.ended.then(() => {
      isGivenUp = true
    })
    for (let last = 0; !isGivenUp; ) {
      await eventually(() => isGivenUp || postgres.pid() !== last)
      last = postgres.pid()
      if (!isGivenUp) process.kill(last, 'SIGKILL')
    }
    expect((await postgres.ended)?.message).toBe('PostgreSQL ended 6 times within 60 s.')
  })

  it('comes back although a worker is paused and holds on to the memory', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDir })
    const [worker] = await ask(postgres.superuser, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'")
    const before = postgres.pid()
    process.kill(worker.pid, 'SIGSTOP')
    process.kill(before, 'SIGKILL')
    await eventually(() => postgres.pid() !== before)
    expect(await ask(postgres.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('stops although it is paused', async () => {
    const postgres = await startEmbeddedPostgres({ dataDir })
    process.kill(postgres.pid(), 'SIGSTOP')
    await postgres.stop()
    expect(postmasters()).toEqual([])
  })

  it('stops while it is being started again', async () => {
    const postgres = await startEmbeddedPostgres({ dataDir })
    process.kill(postgres.pid(), 'SIGKILL')
    await postgres.stop()
    expect(await postgres.ended).toBeUndefined()
    expect(postmasters()).toEqual([])
  })

  it('is not misled by lock files whose pid has been given to somebody else', async () => {
    const postgres = await startEmbeddedPostgres({ dataDir })
    await postgres.stop()
    // Somebody of the same user, since PostgreSQL sees by itself that another user's process is not it.
    const owner = process.geteuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    const somebody = spawn('/bin/cat', { ...owner, stdio: ['pipe', 'ignore', 'ignore'] })
    await once(somebody, 'spawn')
    const pgdata = join(dataDir, 'cluster/pgdata')
    for (const name of ['postmaster.pid', '.s.PGSQL.5432.lock']) {
      await writeFile(join(pgdata, name), `${somebody.pid}\n/proc/self/cwd\n1700000000\n5432\n.\n\n 1 2\nready   \n`)
      if (owner.uid !== undefined) await chown(join(pgdata, name), owner.uid, owner.gid)
    }
    await using again = await startEmbeddedPostgres({ dataDir })
    expect(await ask(again.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(somebody.exitCode).toBeNull()
    somebody.stdin.end()
    await once(somebody, 'exit')
  })
})

describe('when the first start is killed', () => {
  // Moments that follow each other while the data is made, told by what lies in the folder.
  const moments = ['PG_VERSION', 'global/pg_control', 'base/1/PG_VERSION', 'base/5/PG_VERSION']

  it.each(moments)('starts all the same after a kill once %s is there', async (moment) => {
    await using muster = childMuster({ dataDir })
    await eventually(() => draftsIn(dataDir).some((draft) => existsSync(join(dataDir, draft, 'pgdata', moment))))
    await muster.kill('SIGKILL')
    expect(existsSync(join(dataDir, 'cluster'))).toBe(false)

    await using next = await startEmbeddedPostgres({ dataDir })
    expect(await ask(next.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(existsSync(join(dataDir, 'cluster/passwords.json'))).toBe(true)
  })
})
