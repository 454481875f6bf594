import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { addressOfServer, answers, socketLockFile } from './address.ts'
import type { Cluster } from './cluster.ts'
import { endPostmaster } from './ending.ts'
import { pidIn, readPostmasterFile, removeStaleLockFile } from './lock-files.ts'
import { livingPid, ownIdentity, pidsSaying, processFacts, signalReaches } from './processes.ts'
import type { Programs } from './programs.ts'
import { EmbeddedPostgresRefusal } from './refusal.ts'
import { until } from './until.ts'

/** A process that was killed a moment ago may still be seen. */
const OWNER_PATIENCE_MS = 1_000
/** A killed postmaster's workers hold its socket until they notice. */
const SOCKET_PATIENCE_MS = 3_000

/**
 * A server's command line says whose data it serves and which Muster started it, and so the server itself is the lock on
 * the data: PostgreSQL lets only one run, and it ends with its Muster.
 */
export function ownershipSettings(cluster: Cluster): Record<string, string> {
  return { cluster_name: clusterName(cluster), 'muster.cluster': cluster.dir, 'muster.owner': ownIdentity() }
}

/**
 * Makes sure that no server runs on this data. One whose Muster lives is left alone: then this start is refused, naming
 * that process. One whose Muster died is ended, as its watcher will have told it to anyway.
 */
export async function clearTheWay(cluster: Cluster, programs: Programs, log: (line: string) => void): Promise<void> {
  const pid = readPostmasterFile(cluster.pgdata)?.pid
  const owner = pid === undefined ? undefined : ownerOf(cluster, pid)
  if (pid !== undefined && owner !== undefined) {
    const gone = await until(() => (livingPid(owner) === undefined ? true : undefined), OWNER_PATIENCE_MS)
    if (gone === undefined) throw inUse(cluster, `another Muster (process ${livingPid(owner)})`)
    log(`ending the PostgreSQL (process ${pid}) of a Muster that is gone`)
    await endPostmaster(pid, programs)
  }
  const address = addressOfServer(cluster.pgdata)
  const isSilent = async () => (address !== undefined && (await answers(address)) ? undefined : true)
  const silent = await until(isSilent, SOCKET_PATIENCE_MS)
  if (silent === undefined) throw inUse(cluster, 'a PostgreSQL that is not among the processes here (a container?)')
  for (const path of [join(cluster.pgdata, 'postmaster.pid'), socketLockFile(cluster.pgdata)]) {
    removeIfMisleading(cluster, path)
  }
}

/** Kills what a killed postmaster left behind: workers that are paused, or that compute on without looking up. */
export function killLeftWorkers(cluster: Cluster): void {
  for (const pid of pidsSaying(`postgres: ${clusterName(cluster)}:`)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

/** The identity of the Muster that started the server `pid`; undefined when `pid` is no server of this cluster. */
function ownerOf({ dir }: Cluster, pid: number): string | undefined {
  const [, after] = processFacts(pid)?.commandLine.split(`-c muster.cluster=${dir} -c muster.owner=`) ?? []
  return after?.split(' ')[0]
}

/** PostgreSQL sees by itself that a pid is free; that it has been given to another process, it does not see. */
function removeIfMisleading(cluster: Cluster, path: string): void {
  const pid = pidIn(path)
  if (pid !== undefined && signalReaches(pid) && ownerOf(cluster, pid) === undefined) removeStaleLockFile(path, pid)
}

/** Short, because it stands in the title of every worker, and plain ASCII, because PostgreSQL wants that. */
function clusterName({ dir }: Cluster): string {
  return `muster-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`
}

function inUse({ dir }: Cluster, by: string): EmbeddedPostgresRefusal {
  return new EmbeddedPostgresRefusal(
    `The data in ${dir} is in use by ${by}. Stop that first, or give this Muster a data folder of its own (MUSTER_DATA).`,
  )
}
