import type { Clock } from '../../../../platform/clock.ts'
import type { Db } from '../../../../platform/db.ts'
import type { Log } from '../../../../platform/log.ts'
import type { Wakes } from '../../../../platform/wakes.ts'
import type { Credentials } from '../../credentials.ts'
import type { ClusterApi } from './api.ts'
import type { ClusterOptions, ClusterSource } from './config.ts'
import type { Answer, SessionFacts } from './request.ts'
import type { ClusterClaim, ClusterStore } from './store.ts'

export interface Cluster {
  options: ClusterOptions
  api: ClusterApi
}

export interface AskerNeeds {
  clock: Clock
  db: Db
  log: Log
  wakes: Wakes
  store: ClusterStore
  credentials: Credentials
  clusters: ReadonlyMap<string, Cluster>
  sourceOf(mode: string): ClusterSource | null
}

const roundsMax = 50
/** Beyond the wait for an answer. */
const slackMs = 5_000

/**
 * Asks clusters for servers, outside any transaction: a cluster may take its time. Any node may ask for any claim. An
 * answer that is lost does no harm, for a claim that is asked again is given what it was given, by its session's label.
 */
export function createAsker(needs: AskerNeeds) {
  const { clock, db, log, wakes, store, credentials, clusters } = needs

  function factsOf(
    { session, mode, slots, brief, server, instance }: ClusterClaim,
    cluster: Cluster,
    reports: boolean,
  ) {
    const secrets = {
      ...{ server, apiUrl: cluster.options.apiUrl ?? '', reportToken: credentials.reportTokenOf(session) },
      ticketKey: credentials.ticketKeyOf(server, instance).toString('hex'),
    }
    return { session, mode, slots, brief, secrets: reports ? secrets : null } satisfies SessionFacts
  }

  async function answerTo(claim: ClusterClaim, cluster: Cluster): Promise<Answer> {
    const source = needs.sourceOf(claim.mode)
    if (source === null) return { kind: 'failed', why: `The mode ${claim.mode} allocates from no cluster any more.` }
    try {
      return await cluster.api.allocate(source, factsOf(claim, cluster, source.reports))
    } catch (error) {
      return { kind: 'failed', why: (error as Error).message }
    }
  }

  async function ask(claim: ClusterClaim): Promise<void> {
    const { session, cluster: name } = claim
    const cluster = clusters.get(name) as Cluster
    const answer = await answerTo(claim, cluster)
    if (answer.kind === 'given') {
      const { name: server, host, port } = answer
      await db.once((tx) => store.give(tx, { session, name: server, host, port }))
      wakes.wake('session', [session])
      return
    }
    const level = answer.kind === 'full' ? 'debug' : 'warn'
    log[level]({ session, cluster: name, why: answer.why }, 'a cluster gave no server; it is asked again')
    const again = { session, full: true, at: clock.now() + cluster.options.retryMs }
    await db.once((tx) => store.putOff(tx, again))
    wakes.wake('session', [session])
  }

  return async function run(name: string, { options }: Cluster): Promise<void> {
    // Two places are left for who looks after what was given.
    const limit = options.atOnceMax - 2
    for (let round = 0; round < roundsMax; round++) {
      const request = { clusters: [name], now: clock.now(), leaseMs: options.timeoutMs + slackMs, limit }
      const claims = await db.once((tx) => store.due(tx, request))
      await Promise.all(claims.map(ask))
      if (claims.length < limit) return
    }
  }
}
