import type { SessionId } from '@muster/protocol'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import { briefOf } from './brief.ts'
import type { Allocation, Claim, FleetNeeds, ServerSources } from './needs.ts'
import type { Steps } from './steps.ts'
import type { KeptSession, SessionStore } from './store.ts'
import type { Rules } from './timing.ts'

export interface AllocatingNeeds {
  db: Db
  log: Log
  store: SessionStore
  steps: Steps
  fleet: Pick<FleetNeeds, 'reserve' | 'reserveTogether' | 'launch'>
  sourcesOf(mode: string): ServerSources
  rules: Rules
}

export interface Allocating {
  /** Finds a server for a session that looks for one. True unless there was none to be had. */
  allocate(id: SessionId): Promise<boolean>
  /** Finds servers for sessions of one kind in one transaction, first come first, as far as registered servers have room
   *  at this moment. Which of them look for a server no longer. */
  allocateTogether(ids: readonly SessionId[]): Promise<Set<SessionId>>
}

export function createAllocating({ db, log, store, steps, fleet, sourcesOf, rules }: AllocatingNeeds): Allocating {
  /** Friends have a server of their own, so that there is room for whoever is still to come. */
  const sourcesFor = ({ mode, playersMax }: KeptSession): ServerSources => {
    const sources = sourcesOf(mode)
    return playersMax === null ? sources : { ...sources, registered: false }
  }

  const claimOf = (session: KeptSession): Claim => ({
    session: session.id,
    mode: session.mode,
    region: session.region,
    slots: seatsHeld(session).length,
    ...(session.playersMax === null ? {} : { growsTo: growthOf(session.playersMax) }),
    brief: briefOf(session, rules),
  })

  async function settle(tx: Tx, session: KeptSession, { server, instance, host, port }: Allocation): Promise<void> {
    const { id } = session
    const seats = seatsHeld(session).map((seat) => ({ ...seat, slot: true }))
    await store.changeSeats(tx, id, seats)
    await steps.take(tx, session, 'allocated', { served: { server, instance, host, port } })
    afterCommit(tx, () => log.debug({ session: id, server }, 'server allocated'))
  }

  return {
    allocate: (id) =>
      db.transact(async (tx) => {
        const session = await store.lock(tx, id)
        if (session?.state !== 'requested') return true
        const claim = claimOf(session)
        const { registered, launched } = sourcesFor(session)
        const allocation =
          (registered ? await fleet.reserve(tx, claim) : null) ?? (launched ? await fleet.launch(tx, claim) : null)
        if (allocation === null || allocation === 'asked') {
          await steps.take(tx, session, 'time', { detail: whyNone({ registered, launched }) })
          return allocation !== null
        }
        await settle(tx, session, allocation)
        return true
      }),
    allocateTogether: (ids) =>
      db.transact(async (tx) => {
        const known = new Map((await store.lockAll(tx, ids)).map((session) => [session.id, session]))
        const settled = new Set<SessionId>()
        const claims: Claim[] = []
        for (const id of ids) {
          const session = known.get(id)
          if (session?.state !== 'requested') settled.add(id)
          else if (sourcesFor(session).registered) claims.push(claimOf(session))
        }
        for (const alike of runsOf(claims)) {
          const { mode, region, slots } = alike[0] as Claim
          const allocations = await fleet.reserveTogether(tx, { mode, region, slots, sessions: alike })
          for (const allocation of allocations) {
            await settle(tx, known.get(allocation.session) as KeptSession, allocation)
            settled.add(allocation.session)
          }
          // Whoever asks for less does not overtake those who are still without a server.
          if (allocations.length < alike.length) break
        }
        return settled
      }),
  }
}

const seatsHeld = ({ seats }: KeptSession) => seats.filter((seat) => seat.gaveUpAt === null)

/** Each seat may change hands once while a ticket of whoever had it before is still out. */
const growthOf = (playersMax: number) => ({ players: playersMax, slots: 2 * playersMax })

/** Neighbours that ask for as many slots. */
function runsOf(claims: readonly Claim[]): Claim[][] {
  const runs: Claim[][] = []
  for (const claim of claims) {
    const run = runs.at(-1)
    if (run !== undefined && run[0]?.slots === claim.slots) run.push(claim)
    else runs.push([claim])
  }
  return runs
}

const whyNone = ({ registered, launched }: ServerSources): string =>
  registered && launched
    ? 'No registered server had room, and no more may be had.'
    : registered
      ? 'No registered server had room.'
      : launched
        ? 'As many servers run as there may be.'
        : 'This mode has no servers.'
