import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask } from '../../../test/embedded-postgres/ask.ts'
import { builtModule, eventually, PATIENCE_MS } from '../../../test/embedded-postgres/child-muster.ts'
import { removeFolder } from '../../../test/embedded-postgres/remove-folder.ts'
import { EmbeddedPostgresRefusal, findRunningPostgres, startEmbeddedPostgres } from './index.ts'
import { pidsSaying } from './processes.ts'

const isRoot = process.geteuid?.() === 0
let folder: string
let dataDir: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'muster-pg-')))
  dataDir = join(folder, 'data')
})
afterEach(() => removeFolder(folder))

const serversOf = (dir: string) => pidsSaying(`muster.cluster=${dir}/`)

describe('the embedded PostgreSQL', () => {
  it('makes its data at the first start, keeps it at the second, and leaves no process', async () => {
    const first = await startEmbeddedPostgres({ dataDir })
    await ask(first.connection, 'CREATE TABLE kept AS SELECT 7 AS seven')
    expect(serversOf(dataDir)).toEqual([first.pid()])
    await first.stop()
    expect(serversOf(dataDir)).toEqual([])
    expect(await first.ended).toBeUndefined()

    await using second = await startEmbeddedPostgres({ dataDir })
    expect(await ask(second.connection, 'SELECT seven FROM kept')).toEqual([{ seven: 7 }])
  })

  it('keeps what it acknowledges, in UTC, ordered by code point, for a role without privileges', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDir })
    const [facts] = await ask(
      postgres.connection,
      `SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
              current_setting('synchronous_commit') AS commit, current_setting('data_checksums') AS checksums,
              current_setting('TimeZone') AS zone, current_setting('server_encoding') AS encoding,
              current_setting('listen_addresses') AS tcp, lower('É') AS lower,
              (SELECT array_agg(t ORDER BY t) FROM unnest(ARRAY['b', 'B', 'é', 'z', 'a']) t) AS ordered,
              (SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS privileged`,
    )
    expect(facts).toEqual({
      ...{ fsync: 'on', pages: 'on', commit: 'on', checksums: 'on', zone: 'UTC', encoding: 'UTF8', tcp: '' },
      ...{ lower: 'é', ordered: ['B', 'a', 'b', 'z', 'é'], privileged: false },
    })
  })

  it('lets nobody in without a password, and keeps its files to itself', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDir })
    const { host } = postgres.connection
    for (const connection of [postgres.connection, postgres.superuser]) {
      await expect(ask({ ...connection, password: 'wrong' }, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    }
    expect(host).toBe(join(dataDir, 'cluster/pgdata'))
    expect(statSync(join(dataDir, 'cluster')).mode & 0o777).toBe(0o700)
    expect(statSync(join(dataDir, 'cluster/passwords.json')).mode & 0o777).toBe(0o600)
    expect(statSync(host).mode & 0o777).toBe(0o700)
  })

  it('never runs as root, even where only root can go', async () => {
    // The temporary folder itself is closed to others.
    expect(statSync(folder).mode & 0o077).toBe(0)
    await using postgres = await startEmbeddedPostgres({ dataDir })
    const status = await readFile(`/proc/${postgres.pid()}/status`, 'utf8')
    const expected = isRoot ? 65_534 : process.geteuid?.()
    expect(/^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$/m.exec(status)?.slice(1).map(Number)).toEqual(Array(4).fill(expected))
    expect(statSync(postgres.connection.host).uid).toBe(expected)
  })

  it('takes other settings, and says what PostgreSQL says of those that are none', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDir, settings: { work_mem: '1MB' } })
    expect(await ask(postgres.connection, 'SHOW work_mem')).toEqual([{ work_mem: '1MB' }])
    await postgres.stop()
    const refused = startEmbeddedPostgres({ dataDir, settings: { work_mem: 'much' } })
    await expect(refused).rejects.toThrow(/could not be started.*invalid value for parameter "work_mem": "much"/s)
  })

  it('puts the socket into a private temporary folder when the path of the data is too long for one', async () => {
    const deep = join(dataDir, 'a'.repeat(60), 'b'.repeat(60))
    const first = await startEmbeddedPostgres({ dataDir: deep })
    const { host } = first.connection
    await ask(first.connection, 'CREATE TABLE kept ()')
    expect(host.startsWith('/tmp/muster-') || host.startsWith(tmpdir())).toBe(true)
    expect(statSync(host).mode & 0o777).toBe(0o700)
    expect(await readFile(join(deep, 'cluster/socket-dir'), 'utf8')).toBe(host)
    expect((await findRunningPostgres(deep))?.connection).toEqual(first.connection)
    await first.stop()
    expect(existsSync(host)).toBe(false)

    await using second = await startEmbeddedPostgres({ dataDir: deep })
    expect(await ask(second.connection, "SELECT to_regclass('kept') AS kept")).toEqual([{ kept: 'kept' }])
  })

  it('tells a command beside it how to connect, and says so when it does not run', async () => {
    expect(await findRunningPostgres(dataDir)).toBeUndefined()
    const postgres = await startEmbeddedPostgres({ dataDir })
    const found = await findRunningPostgres(dataDir)
    expect(found).toEqual({ connection: postgres.connection, superuser: postgres.superuser })
    await postgres.stop()
    expect(await findRunningPostgres(dataDir)).toBeUndefined()
  })

  it('refuses data that another version wrote, and leaves it as it is', async () => {
    await (await startEmbeddedPostgres({ dataDir })).stop()
    const versionFile = join(dataDir, 'cluster/pgdata/PG_VERSION')
    await writeFile(versionFile, '15\n')
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/written by PostgreSQL 15.*brings PostgreSQL 18/)
    await writeFile(versionFile, '18\n')
    await using _again = await startEmbeddedPostgres({ dataDir })
  })

  it('keeps no process from ending that has stopped it, and lets none end before it has', async () => {
    const program = `
      const { startEmbeddedPostgres } = await import(process.argv[1])
      for (let i = 0; i < 5; i++) await (await startEmbeddedPostgres({ dataDir: process.argv[2] })).stop()
      console.log('stopped')`
    const args = ['--input-type=module', '-e', program, builtModule, dataDir]
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: PATIENCE_MS })
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'stopped\n' })
    expect(serversOf(dataDir)).toEqual([])
  })

  it('ends with a process that forgets to stop it, and does not keep that from ending', async () => {
    const program = `
      const { startEmbeddedPostgres } = await import(process.argv[1])
      await startEmbeddedPostgres({ dataDir: process.argv[2] })`
    const args = ['--input-type=module', '-e', program, builtModule, dataDir]
    expect(spawnSync(process.execPath, args, { timeout: PATIENCE_MS }).status).toBe(0)
    await eventually(() => serversOf(dataDir).length === 0)
  })

  it('says which folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '')
    const refused = startEmbeddedPostgres({ dataDir: join(folder, 'file/data') })
    await expect(refused).rejects.toThrow(EmbeddedPostgresRefusal)
    await expect(refused).rejects.toThrow(join(folder, 'file/data'))
  })

  it('takes away what killed first starts left, and nothing else', async () => {
    const gone = 'draft-4194305-1-00000000'
    await mkdir(join(dataDir, gone, 'pgdata/base'), { recursive: true })
    await mkdir(join(dataDir, 'draft-notes'), { recursive: true })
    await using _postgres = await startEmbeddedPostgres({ dataDir })
    expect((await readdir(dataDir)).sort()).toEqual(['cluster', 'draft-notes'])
  })
})
