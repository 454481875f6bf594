import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from './address.ts'
import type { Cluster } from './cluster.ts'
import { endPostmaster } from './ending.ts'
import { clearTheWay, killLeftWorkers, ownershipSettings } from './incumbent.ts'
import { readPostmasterFile } from './lock-files.ts'
import { type Postmaster, spawnPostmaster } from './postmaster.ts'
import type { Programs } from './programs.ts'
import { EmbeddedPostgresRefusal } from './refusal.ts'
import type { RunAs } from './run-as.ts'
import { serverSettings } from './settings.ts'
import { until } from './until.ts'
import { type Watcher, watch } from './watcher.ts'

/** Everything that a start, and every restart, of the same server needs. */
export interface Plan {
  cluster: Cluster
  programs: Programs
  as: RunAs
  address: Address
  settings: Record<string, string>
  startTimeoutMs: number
  log: (line: string) => void
  /** Stop was asked for: a start under way is given up. */
  isCancelled: () => boolean
}

export interface Up {
  postmaster: Postmaster
  watcher: Watcher
}

const RETRY_AFTER_MS = 50
/** Workers of a killed postmaster end by themselves, mostly within milliseconds; then they are killed. */
const LEFT_WORKERS_PATIENCE_MS = 3_000
/** What PostgreSQL says when another server, or what is left of one, is in its way. */
const IN_THE_WAY = /lock file ".*" already exists|pre-existing shared memory block|could not bind (Unix|IPv4) address/

/** Starts the server and waits until it takes connections. Another one in the way is met as `clearTheWay` says. */
export async function bringUp(plan: Plan): Promise<Up> {
  const startedAt = performance.now()
  const leftMs = () => startedAt + plan.startTimeoutMs - performance.now()
  for (;;) {
    await clearTheWay(plan.cluster, plan.programs, plan.log)
    const up = await spawnWatched(plan)
    const outcome = await until(() => outcomeOf(plan, up.postmaster), leftMs())
    if (outcome === 'ready') return up

    await takeDown(up, plan.programs)
    const words = await up.postmaster.lastWords()
    if (outcome === 'cancelled') throw new Error('The start of PostgreSQL was cancelled.')
    if (outcome === undefined) throw failed(plan, `it did not answer within ${plan.startTimeoutMs / 1000} s`, words)
    if (!IN_THE_WAY.test(words) || leftMs() <= 0) throw failed(plan, 'it ended at once', words)
    if (performance.now() - startedAt > LEFT_WORKERS_PATIENCE_MS) killLeftWorkers(plan.cluster)
    await sleep(RETRY_AFTER_MS)
  }
}

export async function takeDown({ postmaster, watcher }: Up, programs: Programs): Promise<void> {
  postmaster.hold()
  if (!postmaster.hasExited()) await endPostmaster(postmaster.pid, programs)
  await postmaster.exited
  watcher.release()
}

async function spawnWatched({ cluster, programs, as, address, settings, log }: Plan): Promise<Up> {
  const socketDir = address.host === cluster.pgdata ? '.' : address.host
  const reached = process.platform === 'win32' ? { loopbackPort: address.port } : { socketDir }
  const all = { ...serverSettings(reached), ...settings, ...ownershipSettings(cluster) }
  const postmaster = await spawnPostmaster(programs, as, all, log)
  return { postmaster, watcher: watch(postmaster.pid, as, log) }
}

function outcomeOf({ cluster, isCancelled }: Plan, postmaster: Postmaster) {
  if (isCancelled()) return 'cancelled'
  if (postmaster.hasExited()) return 'ended'
  const file = readPostmasterFile(cluster.pgdata)
  return file?.pid === postmaster.pid && file.isReady ? 'ready' : undefined
}

function failed({ cluster }: Plan, how: string, words: string): EmbeddedPostgresRefusal {
  return new EmbeddedPostgresRefusal(`The PostgreSQL on ${cluster.dir} could not be started: ${how}.\n${words}`)
}
