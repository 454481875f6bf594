import type { SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { type AllocatingNeeds, createAllocating } from './allocating.ts'
import type { SessionsOptions } from './config.ts'
import { causeSays, isLive, type SessionEvent } from './domain.ts'
import type { FleetNeeds, ServerView } from './needs.ts'
import { createPatience } from './patience.ts'
import type { With } from './steps.ts'
import type { Glance } from './store.ts'
import { workThrough } from './work.ts'

/** Sessions that are given servers in one transaction, which holds them and the servers for as long. */
export const togetherMax = 32

export interface OpenerNeeds extends AllocatingNeeds {
  clock: Clock
  fleet: AllocatingNeeds['fleet'] & Pick<FleetNeeds, 'viewOf'>
}

export interface Opener {
  /** Looks at these sessions and takes whatever step is due in each. */
  drive(ids: readonly SessionId[]): Promise<void>
  /** Looks for sessions with a step due, whoever opened them and whatever hint was lost. */
  sweep(): Promise<void>
}

/**
 * Finds servers for sessions and watches over the sessions on them. It keeps nothing of its own: any node may drive any
 * session at any time, for each step is taken on the locked row, by what the row says then.
 */
export function createOpener(needs: OpenerNeeds, options: SessionsOptions): Opener {
  const { clock, db, log, store, steps, fleet, sourcesOf } = needs
  const patience = createPatience(clock, options)
  const allocating = createAllocating(needs)
  let watchedUpTo: SessionId | null = null
  /** By kind, those that found no server in the last round, first come first. */
  let queues: ReadonlyMap<string, readonly SessionId[]> = new Map()

  async function act(id: SessionId, event: SessionEvent, extra: With = {}): Promise<void> {
    await db.transact(async (tx) => {
      const session = await store.lock(tx, id)
      if (session === null) return
      await steps.take(tx, session, event, extra)
    })
  }

  /** Takes the step that is due, if any; false where no server was to be had. */
  async function step(glance: Glance, view: ServerView | undefined): Promise<boolean> {
    const { id, state } = glance
    if (state === 'requested') return allocating.allocate(id)
    if (view === undefined || view.state === 'gone') {
      const detail = view?.failure ?? causeSays[state === 'preparing' ? 'server_failed' : 'server_lost']
      await act(id, view?.cause === 'not_ready' ? 'server_late' : 'server_lost', { detail })
    } else if (state === 'preparing' && view.ready) {
      await act(id, 'ready', { served: { host: view.host, port: view.port } })
    } else if (patience.isOver(glance)) {
      await act(id, 'time')
    }
    return true
  }

  /** Somebody of the kind waits for longer, and would be passed over. */
  async function isBehind(glance: Glance): Promise<boolean> {
    const queue = queues.get(kindOf(glance)) ?? []
    const at = queue.indexOf(glance.id)
    const before = at < 0 ? queue : queue.slice(0, at)
    if (before.length === 0) return false
    // The round is over for a while: they may have ended since.
    const seen = await db.once((tx) => store.glance(tx, before))
    return seen.some(({ state }) => state === 'requested')
  }

  /** Finds servers for many of a kind at once. Which of them look for one no longer; the others are to ask by themselves. */
  async function allocateKinds(looking: readonly Glance[]): Promise<Set<SessionId>> {
    const settled = new Set<SessionId>()
    const several = byKind(looking).filter((kind) => kind.length > 1 && kind[0] && sourcesOf(kind[0].mode).registered)
    await workThrough(several, options.drivesAtOnceMax, async (kind) => {
      for (let from = 0; from < kind.length; from += togetherMax) {
        const ids = kind.slice(from, from + togetherMax).map(({ id }) => id)
        const done = await allocating.allocateTogether(ids).catch((error: unknown) => {
          log.warn({ err: error, sessions: ids }, 'sessions could not be given servers together')
          return new Set<SessionId>()
        })
        for (const id of done) settled.add(id)
        if (done.size < ids.length) return
      }
    })
    return settled
  }

  /** Takes the step that is due in each, the sessions of one group after one another. Answers by kind which of those that
   *  look for a server found none. */
  async function work(groups: readonly Glance[][]): Promise<Map<string, SessionId[]>> {
    const onServers = groups.flat().filter(({ state }) => isLive(state) && state !== 'requested')
    const views =
      onServers.length === 0 ? new Map<SessionId, ServerView>() : await fleet.viewOf(onServers.map(({ id }) => id))
    const settled = await allocateKinds(groups.flat().filter(({ state }) => state === 'requested'))
    const none = new Map<string, SessionId[]>()
    const take = async (glance: Glance) => {
      const { id, state } = glance
      const kind = kindOf(glance)
      // Where one session of a kind found no server just now, the next would not either.
      const inVain = state === 'requested' && none.has(kind) && !patience.isOver(glance)
      try {
        if (inVain || !(await step(glance, views.get(id)))) none.set(kind, [...(none.get(kind) ?? []), id])
      } catch (error) {
        log.warn({ err: error, session: id, state }, 'a session could not be moved on')
      }
    }
    await workThrough(groups, options.drivesAtOnceMax, async (group) => {
      for (const glance of group) if (isLive(glance.state) && !settled.has(glance.id)) await take(glance)
    })
    return none
  }

  /** The next of those on servers: round and round, however many there are. */
  async function nextServed(limit: number): Promise<Glance[]> {
    const after = watchedUpTo
    const rest = await db.once((tx) => store.served(tx, after, limit))
    const room = after === null ? 0 : limit - rest.length
    const first = room === 0 ? [] : await db.once((tx) => store.served(tx, null, room))
    const found = [...rest, ...first]
    watchedUpTo = found.length < limit ? null : (found.at(-1)?.id ?? null)
    return found
  }

  return {
    async drive(ids) {
      const glances = await db.once((tx) => store.glance(tx, ids))
      const groups: Glance[][] = []
      for (const glance of glances) {
        if (glance.state === 'requested' && (await isBehind(glance)))
          await act(glance.id, 'time', { detail: othersWait })
        else groups.push([glance])
      }
      await work(groups)
    },
    async sweep() {
      patience.begin()
      const limit = options.sweepBatchMax
      const now = clock.now()
      const due = await db.once((tx) => store.due(tx, now, limit))
      const opening = await db.once((tx) => store.opening(tx, limit))
      const served = await nextServed(limit)
      const all = new Map([...opening, ...due, ...served].map((glance) => [glance.id, glance]))
      queues = await work(inTurn([...all.values()]))
      patience.end()
    },
  }
}

const othersWait = 'Others have waited for a server for longer.'

const kindOf = ({ mode, region }: Pick<Glance, 'mode' | 'region'>): string => `${mode} ${region ?? ''}`

/** In the order in which a kind first appears, and within it as they came. */
function byKind(glances: readonly Glance[]): Glance[][] {
  const kinds = new Map<string, Glance[]>()
  for (const glance of glances) {
    const kind = kindOf(glance)
    kinds.set(kind, [...(kinds.get(kind) ?? []), glance])
  }
  return [...kinds.values()]
}

/** Those of a kind that look for a server form a group, first come first; of the others each stands by itself. */
const inTurn = (glances: readonly Glance[]): Glance[][] => [
  ...byKind(glances.filter(({ state }) => state === 'requested')),
  ...glances.filter(({ state }) => state !== 'requested').map((glance) => [glance]),
]
