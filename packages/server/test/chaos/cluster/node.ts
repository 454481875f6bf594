import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Daemon, daemon } from './daemon.ts'
import { freePort, type RunFolder } from './folder.ts'
import { musterProgram } from './repository.ts'

export interface MusterNode extends Daemon {
  url: string
  port: number
  environment: Readonly<Record<string, string>>
  isReady(): Promise<boolean>
  holdsLease(): Promise<boolean>
}

export interface NodeOptions {
  name: string
  config: object
  databaseUrl: string
  redisUrl: string | null
  /** The same for all nodes. */
  secretFile: string
  databaseConnections?: number
}

export async function writeSecret(run: RunFolder): Promise<string> {
  const file = join(run.path, 'secret')
  await writeFile(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  return file
}

export async function musterNode(run: RunFolder, options: NodeOptions): Promise<MusterNode> {
  const { name, config, databaseUrl, redisUrl, secretFile, databaseConnections = 10 } = options
  const folder = await run.make(name)
  const configFile = join(folder, 'muster.config.json')
  await writeFile(configFile, JSON.stringify(config))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    ...{ PATH: process.env.PATH ?? '', HOME: folder, PORT: String(port), DATABASE_URL: databaseUrl },
    ...{ MUSTER_DATA: join(folder, 'data'), MUSTER_CONFIG: configFile, MUSTER_SECRET_FILE: secretFile },
    ...{
      MUSTER_DATABASE_CONNECTIONS: String(databaseConnections),
      MUSTER_LOG_LEVEL: process.env.MUSTER_LOG_LEVEL ?? 'info',
      MUSTER_LOG_FORMAT: 'json',
    },
    ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
  }
  const get = (path: string) => fetch(`${url}${path}`, { signal: AbortSignal.timeout(2_000) })
  const isReady = () =>
    get('/readyz').then(
      async (answer) => {
        await answer.arrayBuffer()
        return answer.ok
      },
      () => false,
    )
  const one = daemon({
    ...{ name, command: [process.execPath, musterProgram, 'serve'], environment, cwd: folder },
    ...{ log: join(run.path, `${name}.log`), onPid: run.note, startMs: 60_000 },
    answers: isReady,
  })
  return {
    ...{ ...one, url, port, environment, isReady },
    holdsLease: () =>
      get('/metrics').then(
        async (answer) => (await answer.text()).includes('\nmuster_matchmaking_lease_held 1'),
        () => false,
      ),
  }
}
