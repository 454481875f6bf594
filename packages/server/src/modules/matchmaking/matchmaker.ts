import type { EntryId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { Leases } from '../../platform/lease.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import type { Wakes } from '../../platform/wakes.ts'
import { createCatchUp } from './catch-up.ts'
import type { CloseSearching } from './closing.ts'
import type { MatchmakingOptions } from './config.ts'
import type { Entry } from './domain.ts'
import type { Why } from './engine/index.ts'
import type { Figures } from './figures.ts'
import { createIdle } from './idle.ts'
import type { Indexes } from './indexes.ts'
import { createPasses } from './passes.ts'
import { createPool } from './pool.ts'
import type { Proposer } from './proposer.ts'
import type { Queues } from './queues.ts'
import { type Rests, restHint } from './rests.ts'
import type { MatchmakingStore } from './store.ts'
import { createTenures, type Tenure } from './tenure.ts'
import { createTurns } from './turns.ts'
import type { QueueWaits } from './waits.ts'

export interface MatchmakerNeeds {
  clock: Clock
  random: Random
  db: Db
  leases: Leases
  wakes: Wakes
  log: Log
  holder: string
  store: MatchmakingStore
  queues: Queues
  proposer: Proposer
  rests: Rests
  waits: QueueWaits
  figures: Figures
  close: CloseSearching
  createIndexes(): Indexes
  /** Null where there can be no thread. */
  createThread: ((failed: (error: Error) => void) => Indexes) | null
}

const hintsWaitingMax = 200_000
const hintsReadMax = 5_000
const idleLookMs = 1_000
const renewsPerTtl = 4

/**
 * The loop that puts those who wait into matches. Of all processes one runs it, the holder of a lease; any other takes
 * over within the lease's length, with what the rows say.
 */
export function createMatchmaker(needs: MatchmakerNeeds, options: MatchmakingOptions) {
  const { clock, random, db, wakes, log, store, queues, rests, waits, figures } = needs
  const idleMs = options.entryIdleS * 1_000
  const ground = { clock, random, log }
  let news: Repeating | null = null
  let threadFailed = false

  const tenures = createTenures(
    {
      ...{ clock, leases: needs.leases, log, holder: needs.holder },
      createPool: () => createPool(queues.all, needs.createIndexes()),
      changed(holds) {
        figures.held(holds)
        if (holds) news?.nudge()
        else waits.disown()
      },
    },
    options.leaseTtlMs,
  )
  const catchUp = createCatchUp(
    {
      ...{ clock, db, store },
      grown: useThread,
      closeStrays: async (ids) => void (await db.transact((tx) => needs.close(tx, ids, 'queue_closed'))),
    },
    { pageMax: options.catchUpPageMax, idleMs },
  )
  const idle = createIdle({ clock, db, store, close: needs.close }, idleMs)
  const turns = createTurns(options.proposalsAtOnceMax)
  const shared = { clock, tenures, rests, proposer: needs.proposer, catchUp, turns, figures, waited: waits.note }
  const passes = queues.all.map((queue) => ({
    queue,
    pass: createPasses(shared, queue, { matchesMax: options.passMatchesMax }),
  }))

  /** From a certain size on, passes would hold up everything else that this process does. */
  function useThread(tenure: Tenure): void {
    if (tenure.hasThread || threadFailed || needs.createThread === null) return
    if (options.threadAbove === 0 || tenure.pool.entries < options.threadAbove) return
    tenure.hasThread = true
    const thread = needs.createThread((error) => {
      threadFailed = true
      log.error({ err: error }, 'the matching thread failed; passes run in the process itself from now on')
      tenures.lose(tenure)
    })
    tenure.pool.moveTo(thread)
    log.info({ entries: tenure.pool.entries }, 'passes run in a thread of their own')
  }

  async function load(tenure: Tenure): Promise<void> {
    await rests.refresh()
    await waits.read()
    await catchUp.load(tenure)
    log.info({ entries: tenure.pool.entries }, 'everybody who waits is known')
  }

  async function stayCurrent(): Promise<void> {
    const tenure = tenures.current()
    if (tenure === null) return
    if (tenure.loaded) {
      await rests.refresh()
      await catchUp.run(tenure)
    } else await load(tenure)
    for (const { name } of queues.all) figures.waiting(name, tenure.pool.playersIn(name))
    await waits.publish(tenure.pool)
  }

  const readHints = gather<EntryId, void>(
    clock,
    {
      ...{ delayMs: options.joinGatherMs, batchMax: hintsReadMax, waitingMax: hintsWaitingMax },
      refuse: () => new Error('Too many hints wait.'),
    },
    async (ids) => {
      const tenure = tenures.current()
      if (tenure !== null) await catchUp.read(tenure, ids)
      return ids.map(() => undefined)
    },
  )
  function hear(ids: readonly string[]): void {
    if (tenures.current() === null) return
    for (const id of ids) {
      // What a lost hint would have told is found by the next catching up.
      if (id === restHint) void rests.refresh().catch(() => undefined)
      else void readHints(id as EntryId).catch(() => undefined)
    }
  }

  const jobs: Repeating[] = []
  const unhear: (() => void)[] = []

  return {
    /** True while this process matches. */
    holds: (): boolean => tenures.current() !== null,
    /** Takes in entries that were just written; false where another process must be told of them. */
    admit(entries: readonly Entry[]): boolean {
      const tenure = tenures.current()
      if (tenure === null) return false
      for (const { id, queues: names, ratings, version, waitingSince, front, seenAt, players } of entries) {
        const size = players.length
        catchUp.take(tenure, { id, size, queues: names, ratings, version, waitingSince, front, seenAt })
      }
      return true
    },
    /** Null where this process does not match, or does not know the entry. */
    async why(id: EntryId): Promise<{ queue: string; why: Why }[] | null> {
      const tenure = tenures.current()
      const names = tenure?.pool.queuesOf(id) ?? null
      if (tenure === null || names === null) return null
      const now = clock.now()
      const all = await Promise.all(names.map(async (queue) => ({ queue, why: await tenure.pool.why(queue, id, now) })))
      return all.flatMap(({ queue, why }) => (why === null ? [] : [{ queue, why }]))
    },
    start() {
      unhear.push(
        wakes.hear('queue', hear),
        wakes.hear('server', () => {
          if (tenures.current() !== null) void rests.lift().catch(() => undefined)
        }),
      )
      const renewing = repeating(ground, 'matchmaking lease', options.leaseTtlMs / renewsPerTtl, tenures.renew)
      renewing.nudge()
      news = repeating(ground, 'matchmaking news', options.catchUpMs, stayCurrent)
      jobs.push(
        renewing,
        news,
        repeating(ground, 'matchmaking idle', idleLookMs, async () => {
          const tenure = tenures.current()
          if (tenure?.loaded) await idle.run(tenure)
        }),
        ...passes.map(({ queue, pass }) =>
          repeating(ground, `matchmaking pass ${queue.name}`, options.passMs, pass.run),
        ),
      )
    },
    async stop() {
      for (const one of unhear.splice(0)) one()
      await Promise.all(jobs.splice(0).map((job) => job.stop()))
      await tenures.resign()
    },
  }
}

export type Matchmaker = ReturnType<typeof createMatchmaker>
