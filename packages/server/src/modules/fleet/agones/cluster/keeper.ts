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

export interface Keeper {
  /** They live, for all that is known. */
  vouch(name: string): Promise<void>
  /** Ends what the cluster has no more, and what no session has any more. */
  look(name: string, cluster: Cluster): Promise<void>
  giveBack(name: string, cluster: Cluster): Promise<void>
  /** Claims of sessions that wait no more. */
  drop(): Promise<void>
}

/**
 * Looks after the servers that clusters gave. Whoever is there is vouched for, so that it is not taken for silent; whoever
 * is not has lost its session; and what no session has any more is given back. While a cluster does not answer nothing is
 * known of its servers, and so nothing is done to them: vouching never waits for an answer.
 */
export function createKeeper({ clock, db, log, store, endServers }: KeeperNeeds): Keeper {
  async function look(name: string, { api, options }: Cluster): Promise<void> {
    // Rows before servers: whatever has a row was given before the list is made.
    const taken = await everyTaken(name)
    const over = taken.filter((one) => !isWanted(one)).map(({ server }) => server)
    if (over.length > 0) {
      await db.transact(async (tx) => {
        const now = clock.now()
        await endServers(tx, { servers: over, cause: 'drained', detail: null, now })
        await store.finish(tx, over, now + options.lingerS * 1_000)
      })
    }
    const wanted = taken.filter(isWanted)
    const seen = wanted.length === 0 ? null : await listOf(name, api)
    for (const one of wanted) {
      const fate = fateOf(one.name, seen)
      if (fate !== null) await end(one.server, fate, options)
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

  async function listOf(name: string, api: Cluster['api']): Promise<ReadonlyMap<string, SeenServer> | null> {
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

  return {
    async vouch(name) {
      const servers = (await everyTaken(name)).filter(isWanted).map(({ server }) => server)
      if (servers.length > 0) await db.once((tx) => store.beatLaunched(tx, clock.now(), servers.sort()))
    },
    look,
    giveBack,
    async drop() {
      const now = clock.now()
      await db.once((tx) => store.drop(tx, { wantedBefore: now - wantedMs, now }))
    },
  }
}

/** A session has it still. */
const isWanted = ({ state }: TakenServer): boolean => state === 'starting' || state === 'ready'

/** Why it is lost; null where it lives, or nobody knows. */
function fateOf(name: string, seen: ReadonlyMap<string, SeenServer> | null): string | null {
  if (seen === null) return null
  const found = seen.get(name)
  if (found === undefined) return `The cluster has no game server ${name} any more.`
  if (found.deleting) return `The cluster is removing the game server ${name}.`
  return living.has(found.state) ? null : `The game server ${name} is ${found.state}.`
}
