import type { SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import { briefOf } from './brief.ts'
import type { SessionsOptions } from './config.ts'
import { causeSays, isLive, type SessionEvent } from './domain.ts'
import type { Claim, FleetNeeds, ServerSources, ServerView } from './needs.ts'
import { createPatience } from './patience.ts'
import type { Steps, With } from './steps.ts'
import type { Glance, KeptSession, SessionStore } from './store.ts'
import type { Rules } from './timing.ts'
import { workThrough } from './work.ts'

export interface OpenerNeeds {
  clock: Clock
  db: Db
  log: Log
  store: SessionStore
  steps: Steps
  fleet: Pick<FleetNeeds, 'reserve' | 'launch' | 'viewOf'>
  sourcesOf(mode: string): ServerSources
  rules: Rules
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
  const { clock, db, log, store, steps, fleet, rules } = needs
  const patience = createPatience(clock, options)
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

  /** True unless there was no server to be had. */
  const allocate = (id: SessionId): Promise<boolean> =>
    db.transact(async (tx) => {
      const session = await store.lock(tx, id)
      if (session?.state !== 'requested') return true
      const seats = session.seats.filter((seat) => seat.gaveUpAt === null)
      const claim = claimOf(session, seats.length)
      const { registered, launched } = sourcesFor(session)
      const allocation =
        (registered ? await fleet.reserve(tx, claim) : null) ?? (launched ? await fleet.launch(tx, claim) : null)
      if (allocation === null || allocation === 'asked') {
        await steps.take(tx, session, 'time', { detail: whyNone({ registered, launched }) })
        return allocation !== null
      }
      const { server, instance, host, port } = allocation
      await store.changeSeats(
        tx,
        id,
        seats.map((seat) => ({ ...seat, slot: true })),
      )
      await steps.take(tx, session, 'allocated', { served: { server, instance, host, port } })
      afterCommit(tx, () => log.debug({ session: id, server }, 'server allocated'))
      return true
    })

  const claimOf = (session: KeptSession, slots: number): Claim => ({
    session: session.id,
    mode: session.mode,
    region: session.region,
    slots,
    ...(session.playersMax === null ? {} : { growsTo: growthOf(session.playersMax) }),
    brief: briefOf(session, rules),
  })

  /** Friends have a server of their own, so that there is room for whoever is still to come. */
  const sourcesFor = ({ mode, playersMax }: KeptSession): ServerSources => {
    const sources = needs.sourcesOf(mode)
    return playersMax === null ? sources : { ...sources, registered: false }
  }

  /** Takes the step that is due, if any; false where no server was to be had. */
  async function step(glance: Glance, view: ServerView | undefined): Promise<boolean> {
    const { id, state } = glance
    if (state === 'requested') return allocate(id)
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

  /** Takes the step that is due in each, the sessions of one group after one another. Answers by kind which of those that
   *  look for a server found none. */
  async function work(groups: readonly Glance[][]): Promise<Map<string, SessionId[]>> {
    const onServers = groups.flat().filter(({ state }) => isLive(state) && state !== 'requested')
    const views =
      onServers.length === 0 ? new Map<SessionId, ServerView>() : await fleet.viewOf(onServers.map(({ id }) => id))
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
      for (const glance of group) if (isLive(glance.state)) await take(glance)
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

/** Those of a kind that look for a server form a group, first come first; of the others each stands by itself. */
function inTurn(glances: readonly Glance[]): Glance[][] {
  const groups = new Map<string, Glance[]>()
  for (const glance of glances) {
    const key = glance.state === 'requested' ? kindOf(glance) : glance.id
    groups.set(key, [...(groups.get(key) ?? []), glance])
  }
  return [...groups.values()]
}

/** Each seat may change hands once while a ticket of whoever had it before is still out. */
const growthOf = (playersMax: number) => ({ players: playersMax, slots: 2 * playersMax })

const whyNone = ({ registered, launched }: ServerSources): string =>
  registered && launched
    ? 'No registered server had room, and no more may be had.'
    : registered
      ? 'No registered server had room.'
      : launched
        ? 'As many servers run as there may be.'
        : 'This mode has no servers.'
