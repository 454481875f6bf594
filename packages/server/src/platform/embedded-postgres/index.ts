/**
 * A PostgreSQL of Muster's own, for machines where nobody has set one up: its programs come as an npm package, its data
 * lies in a folder, and it lives and dies with the process that started it. Why it is so:
 * docs/decisions/0003-embedded-postgresql.md.
 */
import { existsSync } from 'node:fs'
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { chooseAddress, leaveAddress, noteAddress } from './address.ts'
import { clusterIn, refuseOthersData, refuseOtherVersion } from './cluster.ts'
import { type Connections, connectionsTo, type PostgresConnection } from './connections.ts'
import { makeCluster, removeOldDrafts } from './first-start.ts'
import { findPrograms } from './programs.ts'
import { EmbeddedPostgresRefusal } from './refusal.ts'
import { runAs } from './run-as.ts'
import { supervise } from './supervision.ts'

export { type Connections, findRunningPostgres, type PostgresConnection } from './connections.ts'
export { EmbeddedPostgresRefusal } from './refusal.ts'

export interface EmbeddedPostgresOptions {
  /** A folder for this alone. It is made if need be, and may lie where only root can go. */
  dataDir: string
  /** Takes PostgreSQL's own messages and the supervisor's, a line at a time. */
  log?: (line: string) => void
  /** Enough for recovery after a crash, which takes seconds. */
  startTimeoutMs?: number
  /** PostgreSQL settings instead of Muster's own, such as `shared_buffers`. */
  settings?: Record<string, string>
  /** Where a copy of the programs may be put if they cannot be run where npm put them. */
  programDirs?: string[]
}

export interface EmbeddedPostgres extends Connections, AsyncDisposable {
  /** The postmaster's; another one after a crash. */
  pid(): number
  /** Resolves with the reason when PostgreSQL ended and cannot be brought back, and with nothing after `stop`. */
  ended: Promise<Error | undefined>
  /** Ends it in good order, or, where it hangs, by force: no process is left. */
  stop(): Promise<void>
}

/**
 * Starts the PostgreSQL that lives in `dataDir`, and resolves when it answers. The first time, the data is made.
 *
 * It ends with this process, however that ends; one that is left over from a process that was killed is ended first. If
 * PostgreSQL itself is killed, it is started again, and connections made anew work. As long as this process lives, a
 * second start on the same folder is refused. What cannot work is refused by an `EmbeddedPostgresRefusal`.
 *
 * On Linux and macOS it answers on a Unix socket only. On Windows (which no test of ours covers) it answers on a
 * loopback port, needs a process without administrator's rights, and outlives a killed Muster until the next start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log = () => undefined, settings = {}, startTimeoutMs = 60_000 } = options
  const dataDir = await openFolder(options.dataDir)
  const cluster = clusterIn(dataDir)
  const user = runAs(cluster.pgdata).user
  const programDirs = options.programDirs ?? [join(dataDir, 'programs'), ...(user ? ['/var/lib/muster'] : [])]
  const programs = await findPrograms(user, programDirs, log)

  await removeOldDrafts(dataDir)
  if (!existsSync(cluster.dir)) {
    log('making the database, once')
    await makeCluster(dataDir, programs, user, settings.fsync !== 'off')
  }
  await refuseOthersData(cluster)
  await refuseOtherVersion(cluster, programs.major)

  const address = await chooseAddress(cluster, user)
  const as = runAs(cluster.pgdata)
  const leave = () => leaveAddress(cluster, address)
  const supervision = await supervise({ cluster, programs, as, address, settings, startTimeoutMs, log }).catch(
    async (error: unknown) => {
      await leave()
      throw error
    },
  )
  const stop = async () => {
    await supervision.stop()
    await leave()
  }
  try {
    await noteAddress(cluster, address)
    const connections = await connectionsTo(cluster, address)
    await ask(connections.connection)
    const { ended } = supervision
    return { ...connections, pid: supervision.pid, ended, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function openFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true })
    return await realpath(path)
  } catch (error) {
    throw new EmbeddedPostgresRefusal(`The folder for the database cannot be made: ${(error as Error).message}`)
  }
}

/** The server says that it is ready; whether it lets Muster in with these passwords, only asking shows. */
async function ask(connection: PostgresConnection): Promise<void> {
  const client = new pg.Client(connection)
  try {
    await client.connect()
    await client.query('SELECT 1')
  } finally {
    await client.end()
  }
}
