import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PoolConfig } from 'pg'
import { type ConfigInput, readConfig, readMachine } from '../../src/config.ts'
import { type RunningServer, startServer } from '../../src/main.ts'
import { type Log, silentLog } from '../../src/platform/log.ts'
import { testDatabase } from '../test-database.ts'

/** As an address, for who takes nothing else. */
export function addressOf({ connectionString, host, port, user, password, database }: PoolConfig): string {
  if (connectionString !== undefined) return connectionString
  const words = [user, password, database].map((word) => encodeURIComponent(String(word)))
  return `postgres://${words[0]}:${words[1]}@localhost:${port}/${words[2]}?host=${encodeURIComponent(String(host))}`
}

export interface RunningTestServer extends RunningServer, AsyncDisposable {
  /** How to look into its database. */
  connection: PoolConfig
}

/** The whole server as `muster serve` runs it, in this process, on a fresh database and a free port. */
export async function runningServer(
  config: ConfigInput,
  log: Log = silentLog,
  told: { host?: string; publicUrl?: string } = {},
): Promise<RunningTestServer> {
  const database = await testDatabase()
  const data = await mkdtemp(join(tmpdir(), 'muster-server-'))
  const machine = readMachine(
    { data, port: '0', databaseUrl: addressOf(database.connection), ...told },
    { PATH: process.env.PATH },
  )
  const server = await startServer({ machine, config: readConfig(config, 'The test', data), log })
  return {
    ...server,
    connection: database.connection,
    async [Symbol.asyncDispose]() {
      await server.stop()
      await database[Symbol.asyncDispose]()
      await rm(data, { recursive: true, force: true })
    },
  }
}
