import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { type Daemon, daemon } from './daemon.ts'
import { freePort, type RunFolder } from './folder.ts'
import { musterPart } from './repository.ts'

export interface Store extends Daemon {
  port: number
  /** What it is, in words. */
  described: string
}

export interface Postgres extends Store {
  /** Straight to it, past every wire. */
  urlAt(port: number): string
}

/** PostgreSQL refuses to run as root, and neither store needs to. */
const nobody = process.geteuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined
const plain = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' }

interface Programs {
  postgres: string
  initdb: string
  what: string
}

/** The distribution's where it is installed, else the one that comes with Muster. */
async function postgresPrograms(copyDir: string): Promise<Programs> {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root)
    ? readdirSync(root).filter((name) => existsSync(join(root, name, 'bin/initdb')))
    : []
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1)
  if (newest !== undefined) {
    const bin = join(root, newest, 'bin')
    return {
      postgres: join(bin, 'postgres'),
      initdb: join(bin, 'initdb'),
      what: `PostgreSQL ${newest} of the distribution`,
    }
  }
  const built = pathToFileURL(musterPart('platform/embedded-postgres/programs'))
  const { findPrograms } = (await import(
    built.href
  )) as typeof import('../../../src/platform/embedded-postgres/programs.ts')
  const { postgres, initdb, major } = await findPrograms(nobody, [copyDir, '/var/lib/muster'], () => undefined)
  return { postgres, initdb, what: `PostgreSQL ${major}, embedded` }
}

export async function postgresIn(run: RunFolder): Promise<Postgres> {
  const folder = await run.make('postgres', nobody)
  const { postgres, initdb, what } = await postgresPrograms(await run.make('programs'))
  const data = join(folder, 'data')
  const port = await freePort()
  await promisify(execFile)(initdb, ['-D', data, '-U', 'muster', '-A', 'trust', '-E', 'UTF8', '--locale=C'], {
    ...{ cwd: folder, env: plain, ...nobody },
  })
  const urlAt = (at: number) => `postgres://muster@127.0.0.1:${at}/postgres`
  const one = daemon({
    name: 'PostgreSQL',
    command: [postgres, '-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port), '-c', 'max_connections=200'],
    ...{ environment: plain, cwd: folder, log: join(run.path, 'postgres.log'), as: nobody, wholeFamily: true },
    onPid: run.note,
    answers: () => asks(urlAt(port)),
  })
  return { ...one, port, described: what, urlAt }
}

async function asks(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

export interface Redis extends Store {
  /** Empties it. */
  flush(): Promise<void>
}

const redisProgram = ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/usr/bin/valkey-server'].find((path) =>
  existsSync(path),
)

export const hasRedis = redisProgram !== undefined

/** Null where none is installed. */
export async function redisIn(run: RunFolder): Promise<Redis | null> {
  if (redisProgram === undefined) return null
  const folder = await run.make('redis', nobody)
  const port = await freePort()
  const ask = (word: string) => askRedis(port, word)
  const one = daemon({
    name: 'Redis',
    command: [
      redisProgram,
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ],
    ...{ environment: plain, cwd: folder, log: join(run.path, 'redis.log'), as: nobody, onPid: run.note },
    answers: async () => (await ask('PING').catch(() => '')).startsWith('+PONG'),
  })
  return {
    ...{ ...one, port, described: redisProgram },
    async flush() {
      await ask('FLUSHALL')
    },
  }
}

const askRedis = (port: number, word: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${word}\r\n`))
    socket.setTimeout(2_000, () => socket.destroy(new Error('Redis does not answer.')))
    socket.on('error', reject)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(String(data))
    })
  })
