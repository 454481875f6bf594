import type { ServerId, SessionId } from '@muster/protocol'
import type { Clock } from '../../../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../../../platform/db.ts'
import type { MintId } from '../../../../platform/ids.ts'
import type { Log } from '../../../../platform/log.ts'
import type { Random } from '../../../../platform/random.ts'
import { type Repeating, repeating } from '../../../../platform/repeat.ts'
import type { Wakes } from '../../../../platform/wakes.ts'
import type { Credentials } from '../../credentials.ts'
import type { Allocation, Claim } from '../../domain.ts'
import type { EndServers } from '../../endings.ts'
import type { Figures } from '../../figures.ts'
import type { ProcessStore } from '../../store.ts'
import { type ClusterApi, createClusterApi } from './api.ts'
import { createAsker } from './asker.ts'
import type { ClusterOptions, ClusterSource } from './config.ts'
import { createKeeper } from './keeper.ts'
import type { ClusterStore } from './store.ts'

const dropEveryMs = 1_000

/** The fleet's servers that clusters of Agones give. */
export interface Clusters {
  /** The server that a cluster gave for the session. `asked`: one has been asked for, and whoever waits is woken. Null
   *  where there is no room, or none is ever had so. */
  claim(tx: Tx, claim: Claim): Promise<Allocation | 'asked' | null>
  start(): void
  stop(): Promise<void>
}

export interface ClustersNeeds {
  clock: Clock
  random: Random
  mintId: MintId
  db: Db
  log: Log
  wakes: Wakes
  store: ClusterStore & Pick<ProcessStore, 'beatLaunched'>
  credentials: Credentials
  figures: Figures
  endServers: EndServers
  sourceOf(mode: string): ClusterSource | null
  /** Of a cluster as it is configured; over the network unless told. */
  apiOf?(name: string, options: ClusterOptions): ClusterApi
}

export function createClusters(needs: ClustersNeeds, options: Readonly<Record<string, ClusterOptions>>): Clusters {
  const { clock, mintId, store, figures, sourceOf, apiOf = (_, one) => createClusterApi({ clock }, one) } = needs
  const clusters = new Map(
    Object.entries(options).map(([name, one]) => [name, { options: one, api: apiOf(name, one) }]),
  )
  const ask = createAsker({ ...needs, clusters })
  const keeper = createKeeper(needs)
  const jobs: Repeating[] = []
  let nudge = () => undefined as unknown

  return {
    async claim(tx, claim) {
      const source = sourceOf(claim.mode)
      if (source === null || !clusters.has(source.cluster)) return null
      const server: ServerId = mintId('server')
      const session: SessionId = claim.session
      const { state, full } = await store.want(
        tx,
        { ...claim, server, instance: mintId('instance'), cluster: source.cluster },
        clock.now(),
      )
      if (state === 'asked') {
        if (!full) afterCommit(tx, () => nudge())
        else afterCommit(tx, () => figures.refused('cluster'))
        return full ? null : 'asked'
      }
      if (state !== 'given') return null
      const taken = await store.take(tx, { session, ready: !source.reports, now: clock.now() })
      if (taken !== null) afterCommit(tx, () => figures.allocated('cluster'))
      return taken
    },
    start() {
      if (clusters.size === 0) return
      const dropping = repeating(needs, 'fleet clusters forgotten', dropEveryMs, keeper.drop)
      const asks: Repeating[] = []
      for (const [name, cluster] of clusters) {
        const { retryMs, lookEveryS } = cluster.options
        const job = (what: string, everyMs: number, run: () => Promise<void>) =>
          repeating(needs, `fleet cluster ${name} ${what}`, everyMs, run)
        const lookMs = lookEveryS * 1_000
        // Each by itself: a cluster that does not answer holds up nobody else, and no vouching.
        asks.push(job('asked', retryMs, () => ask(name, cluster)))
        jobs.push(
          job('vouched for', lookMs, () => keeper.vouch(name)),
          job('looked at', lookMs, () => keeper.look(name, cluster)),
          job('given back', lookMs, () => keeper.giveBack(name, cluster)),
        )
      }
      jobs.push(dropping, ...asks)
      nudge = () => {
        for (const one of asks) one.nudge()
      }
    },
    async stop() {
      await Promise.all(jobs.splice(0).map((job) => job.stop()))
    },
  }
}
