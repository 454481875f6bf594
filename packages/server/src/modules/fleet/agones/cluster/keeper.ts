import type { ServerId } from '@muster/protocol'
import type { Clock } from '../../../../platform/clock.ts'
import type { Db } from '../../../../platform/db.ts'
import type { Log } from '../../../../platform/log.ts'
import type { EndServers } from '../../endings.ts'
import type { ProcessStore } from '../../store.ts'
import type { SeenServer } from './api.ts'
import type { Cluster } from './asker.ts'
import type { ClusterStore, TakenServer } from './store.ts'

export interface KeeperNeeds {
  clock: Clock
  db: Db
  log: Log
  store: ClusterStore & Pick<ProcessStore, 'beatLaunched'>
  clusters: ReadonlyMap<string, Cluster>
  endServers: EndServers
}

/** In these a server plays, or may yet. */
const living: ReadonlySet<string> = new Set(['Allocated', 'Ready', 'Reserved', 'RequestReady'])
const pageMax = 1_000
const pagesMax = 100
const overMax = 100
const roundsMax = 50
/** Whoever waits says so all the time; whoever has not for that long waits no more. */
const wantedMs = 15_000
const leaseMs = 30_000

/**
 * Looks after the servers that clusters gave. Whoever is there is vouched for; whoever is not has lost its session; and
 * what no session has any more is given back. While a cluster does not answer nothing is known of its servers, and so
 * nothing is done to them.
 */
export function createKeeper({ clock, db, log, store, clusters, endServers }: KeeperNeeds) {
  async function lookAfter(name: string, { api, options }: Cluster): Promise<void> {
    // Rows before servers: whatever has a row was given before the list is made.
    const taken = await everyTaken(name)
    if (taken.length === 0) return
    const now = clock.now()
    const over = taken.filter(({ state }) => state === 'gone' || state === 'draining').map(({ server }) => server)
    const wanted = taken.filter(({ server }) => !over.includes(server))
    const seen = wanted.length === 0 ? null : await look(name, api)
    const fates = new Map(wanted.map((one) => [one.server, fateOf(one.name, seen)]))
    const lives = wanted.filter(({ server }) => fates.get(server) === null).map(({ server }) => server)
    const lost = wanted.filter(({ server }) => fates.get(server) !== null)
    await db.transact(async (tx) => {
      if (lives.length > 0) await store.beatLaunched(tx, now, lives.sort())
    })
    for (const { server } of lost) await end(server, fates.get(server) as string, options)
    if (over.length > 0) {
      await db.transact(async (tx) => {
        await endServers(tx, { servers: over, cause: 'drained', detail: null, now })
        await store.finish(tx, over, now + options.lingerS * 1_000)
      })
    }
  }

  async function everyTaken(name: string): Promise<TakenServer[]> {
    const all: TakenServer[] = []
    for (let page = 0; page < pagesMax; page++) {
      const found = await db.once((tx) => store.taken(tx, name, all.at(-1)?.session ?? '', pageMax))
      all.push(...found)
      if (found.length < pageMax) break
    }
    return all
  }

  async function look(name: string, api: Cluster['api']): Promise<ReadonlyMap<string, SeenServer> | null> {
    try {
      const found = await api.list()
      return found === null ? null : new Map(found.map((one) => [one.name, one]))
    } catch (error) {
      log.warn({ err: error, cluster: name }, 'a cluster does not tell of its servers; they are taken to play on')
      return null
    }
  }

  const end = (server: ServerId, detail: string, { lingerS }: Cluster['options']) =>
    db.transact(async (tx) => {
      const now = clock.now()
      await endServers(tx, { servers: [server], cause: 'cluster_lost', detail, now }, {})
      await store.finish(tx, [server], now + lingerS * 1_000)
    })

  async function giveBack(name: string, { api, options }: Cluster): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      const request = { clusters: [name], now: clock.now(), leaseMs: leaseMs + options.timeoutMs, limit: overMax }
      const found = await db.once((tx) => store.overdue(tx, request))
      for (const { session, name: known } of found) {
        try {
          // Something may have been given whose name was never heard.
          const names = known === null ? ((await api.list(session)) ?? []).map((one) => one.name) : [known]
          for (const one of names) await api.remove(one)
          await db.once((tx) => store.forget(tx, [session]))
        } catch (error) {
          log.warn({ err: error, cluster: name, session }, 'a server could not be given back; it is tried again')
        }
      }
      if (found.length < overMax) return
    }
  }

  return async function keep(): Promise<void> {
    const now = clock.now()
    await db.once((tx) => store.drop(tx, { wantedBefore: now - wantedMs, now }))
    for (const [name, cluster] of clusters) {
      await lookAfter(name, cluster)
      await giveBack(name, cluster)
    }
  }
}

/** Why it is lost; null where it lives, or nobody knows. */
function fateOf(name: string, seen: ReadonlyMap<string, SeenServer> | null): string | null {
  if (seen === null) return null
  const found = seen.get(name)
  if (found === undefined) return `The cluster has no game server ${name} any more.`
  if (found.deleting) return `The cluster is removing the game server ${name}.`
  return living.has(found.state) ? null : `The game server ${name} is ${found.state}.`
}
