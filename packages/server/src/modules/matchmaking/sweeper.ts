import type { MatchId, SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { Log } from '../../platform/log.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { Match } from './domain.ts'
import type { Follower } from './follower.ts'
import type { Offers } from './offers.ts'
import type { MatchStore } from './store.ts'

export interface SweeperNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  log: Log
  store: Pick<MatchStore, 'takeDue' | 'matchesOfSessions'>
  offers: Offers
  follower: Follower
}

/** What a node took upon itself and did not do, because it ended, is another's after this. */
const againMs = 1_000
const lanes = 4
const hintsReadMax = 500
const hintsWaitingMax = 50_000

/** Looks at matches when their time has come, or when their session is said to have changed. Any node may. */
export function createSweeper(needs: SweeperNeeds, options: { batchMax: number }) {
  const { clock, db, wakes, log, store, offers, follower } = needs

  async function each<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
    const rest = [...items]
    const lane = async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) await run(item)
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }
  const expire = (id: MatchId) =>
    offers
      .expire(id)
      .catch((error: unknown) => log.warn({ err: error, match: id }, 'an offer that ran out could not be settled'))

  async function look(matches: readonly Match[]): Promise<void> {
    const offered = matches.filter(({ state }) => state === 'offered')
    const confirmed = matches.filter(({ state }) => state === 'confirmed')
    const perLane = Math.max(1, Math.ceil(confirmed.length / lanes))
    const chunks = Array.from({ length: Math.ceil(confirmed.length / perLane) }, (_, at) =>
      confirmed.slice(at * perLane, (at + 1) * perLane),
    )
    await Promise.all([each(offered, ({ id }) => expire(id)), each(chunks, follower.follow)])
  }

  const hint = gather<SessionId, void>(
    clock,
    {
      ...{ delayMs: 0, batchMax: hintsReadMax, waitingMax: hintsWaitingMax },
      refuse: () => new Error('Too many hints wait.'),
    },
    async (sessions) => {
      const matches = await db.once((tx) => store.matchesOfSessions(tx, [...new Set(sessions)]))
      await look(matches.filter(({ state }) => state === 'confirmed'))
      return sessions.map(() => undefined)
    },
  )

  return {
    async run(): Promise<void> {
      const now = clock.now()
      const due = await db.once((tx) => store.takeDue(tx, now, now + againMs, options.batchMax))
      await look(due)
    },
    /** Follows what is said of sessions; what is missed here is found by the next run. */
    hear: (): (() => void) =>
      wakes.hear('session', (ids) => {
        for (const id of ids) void hint(id as SessionId).catch(() => undefined)
      }),
  }
}

export type Sweeper = ReturnType<typeof createSweeper>
