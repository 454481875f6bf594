/**
 * Matchmaking puts strangers who wait into matches: by rating, within a window that widens with the waiting. It offers
 * each match to its players, opens a session once all have accepted, tells them where to play, and takes them back to the
 * front of their queue if the match comes to nothing. It knows nothing of servers, tickets or sockets.
 *
 * Entries and matches are rows; whoever waits, waits through the end of any process. The matcher works on an index in
 * memory, which one process at a time keeps under a lease, and each of its matches counts only once the rows agree.
 */
import type { Entry as EntryText, MatchOffer, PlayerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import type { Route } from '../../platform/http/route.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import { createActivity, flushMs } from './activity.ts'
import { createClosing } from './closing.ts'
import type { MatchmakingOptions, QueueOptions } from './config.ts'
import { createEntrance, type Entrance } from './entrance.ts'
import { createFallThrough } from './fall-through.ts'
import { canHaveThread, threadIndexes } from './far-indexes.ts'
import { matchmakingFigures } from './figures.ts'
import { createFollower } from './follower.ts'
import { ownIndexes } from './indexes.ts'
import { createLeaving } from './leaving.ts'
import { createMatchmaker } from './matchmaker.ts'
import { takeMessages } from './messages.ts'
import type { MatchmakingNeeds } from './needs.ts'
import { createOffers, type Offers } from './offers.ts'
import { createPersonal } from './personal.ts'
import { createProposer } from './proposer.ts'
import { readQueues } from './queues.ts'
import { createReading } from './reading.ts'
import { createRests } from './rests.ts'
import { createRetention } from './retention.ts'
import { matchmakingRoutes } from './routes.ts'
import { createStandings } from './standings.ts'
import { sqlMatchmakingStore } from './store.ts'
import { createSweeper } from './sweeper.ts'
import { createWaits } from './waits.ts'
import { createWhyAsking } from './why-asking.ts'

export { type EntryRow, type MatchRow, matchmakingAudit } from './audit.ts'
export {
  type MatchmakingOptions,
  matchmakingOptions,
  type QueueOptions,
  queueComplaints,
  queueOptions,
} from './config.ts'
export type { MatchmakingNeeds } from './needs.ts'
export { matchmakingMigrations } from './store/migrations.ts'
export type { MatchmakingStore } from './store.ts'

/** Where a player stands, for who speaks another wire. */
export interface Standing {
  /** As `GET /matchmaking/entries/me` tells it. */
  entry: EntryText
  /** The players of its match were asked whether they accept it. */
  offered: boolean
  /** The match that was found, until its players are told where to play it: also when all have accepted. */
  found: MatchOffer | null
  session: SessionId | null
}

export interface Matchmaking {
  routes: Route[]
  join: Entrance['join']
  answer: Offers['answer']
  leave(player: PlayerId): Promise<void>
  /** Null for who has no entry, nor had one of late. */
  standingOf(player: PlayerId): Promise<Standing | null>
  start(): void
  stop(): Promise<void>
  personal: {
    exportOf(player: PlayerId): Promise<unknown>
    erase(tx: Tx, player: PlayerId): Promise<void>
  }
}

const connectedEveryMs = 30_000
const retentionMs = 60_000

export function createMatchmaking(
  needs: MatchmakingNeeds,
  options: MatchmakingOptions & { queues: Readonly<Record<string, QueueOptions>> },
): Matchmaking {
  const { clock, random, log, node, store = sqlMatchmakingStore() } = needs
  const queues = readQueues(options.queues)
  const figures = matchmakingFigures(needs.metrics)
  const idleMs = options.entryIdleS * 1_000
  const own = { ...needs, store, queues, figures }

  const close = createClosing(own)
  const fallThrough = createFallThrough(own, idleMs)
  const offers = createOffers({ ...own, fallThrough })
  const follower = createFollower({ ...own, fallThrough }, options)
  const sweeper = createSweeper({ ...own, offers, follower }, { batchMax: options.sweepBatchMax })
  const waits = createWaits(needs, queues.names)
  const rests = createRests(own, { liftEveryMs: options.noServerHold.firstS * 1_000 })
  const proposer = createProposer(own, { batchMax: options.proposalBatchMax })
  const matchmaker = createMatchmaker(
    {
      ...{ ...own, holder: node, proposer, rests, waits, close },
      createIndexes: () => ownIndexes(queues.rules),
      createThread: canHaveThread ? (failed) => threadIndexes(queues.rules, failed) : null,
    },
    options,
  )
  const { admit } = matchmaker

  const entrance = createEntrance({ ...own, waits, admit }, options)
  const activity = createActivity(own, idleMs)
  const why = createWhyAsking({ ...own, waits, rests, matchmaker }, { waitMs: options.whyWaitMs })
  const readings = createReading(
    { ...own, follower, activity, waits, why, pollsOpen: figures.polls },
    { rereadMs: options.pollRereadMs, pollsMax: options.pollsMax },
  )
  const leave = createLeaving({ ...own, read: readings.read, close, offers, follower })
  const retention = createRetention(own, options.endedKeptHours * 3_600_000)
  takeMessages({ ...own, entrance, readings, offers, leave })

  const jobs: Repeating[] = []
  const unhear: (() => void)[] = []

  return {
    routes: matchmakingRoutes({ queues, waits, entrance, readings, offers, leave }),
    ...{ join: entrance.join, answer: offers.answer, leave },
    standingOf: createStandings({ queues, readings }),
    personal: createPersonal({ ...own, close, offers }),

    start() {
      const ground = { clock, random, log }
      matchmaker.start()
      unhear.push(sweeper.hear(), why.hear())
      jobs.push(
        repeating(ground, 'matchmaking sweep', options.sweepMs, sweeper.run),
        repeating(ground, 'matchmaking activity', flushMs, activity.flush),
        repeating(ground, 'matchmaking sockets', connectedEveryMs, activity.noteConnected),
        repeating(ground, 'matchmaking retention', retentionMs, retention.run),
      )
    },
    async stop() {
      for (const one of unhear.splice(0)) one()
      await Promise.all([matchmaker.stop(), ...jobs.splice(0).map((job) => job.stop())])
      await activity.flush()
    },
  }
}
