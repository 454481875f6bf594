import type { AcceptedResult, PlayerId, SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Route } from '../../platform/http/route.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { Finish, KeepLate } from '../sessions/index.ts'
import { createBoards } from './boards.ts'
import type { BoardOptions, ResultsOptions } from './config.ts'
import { newcomer } from './fold.ts'
import { ratingSystem } from './ratings/index.ts'
import { createReferee, type Referee } from './referee.ts'
import { refoldIfChanged } from './refold.ts'
import { listShown, resultsRoutes } from './routes.ts'
import { standingText } from './standing-text.ts'
import type { ResultsStore } from './store.ts'
import { sqlResultsStore } from './store-sql.ts'

export { type EventRow, resultsAudit, type StandingRow } from './audit.ts'
export type { BoardOptions, ResultsOptions } from './config.ts'
export { type ResultsStore, resultsMigrations } from './store.ts'

/** Results takes what a session's server says happened, checks it against the session, and keeps it once and for good;
 *  history, ratings, statistics and leaderboards follow from it in the same transaction. Ratings are a fold of the kept
 *  results: change a board's rules, and they are folded anew. */
export interface Results {
  routes: Route[]
  start(): Promise<void>
  stop(): Promise<void>
  /** The strength of each player on a board, a newcomer's where there is none yet. */
  ratingsOf(board: string, players: PlayerId[]): Promise<Map<PlayerId, { points: number; games: number }>>
  hasBoard(name: string): boolean
  accept: Referee['accept']
  /** What was accepted of a session, with how it moved ratings. */
  resultOf(session: SessionId): Promise<AcceptedResult | null>
  personal: {
    exportOf(player: PlayerId): Promise<unknown>
    erase(tx: Tx, player: PlayerId): Promise<void>
  }
}

export interface ResultsNeeds {
  clock: Clock
  db: Db
  /** What is kept; in PostgreSQL unless told. */
  store?: ResultsStore
  log: Log
  metrics: Metrics
  finish: Finish
  keepLate: KeepLate
  peopleOf(players: PlayerId[]): Promise<Map<PlayerId, { nick: string; guest: boolean; createdAt: number }>>
}

const exportedResultsMax = 10_000

export function createResults(
  needs: ResultsNeeds,
  options: ResultsOptions & { boards: Readonly<Record<string, BoardOptions>> },
): Results {
  const { db, store = sqlResultsStore() } = needs
  const systems = new Map(Object.entries(options.boards).map(([name, { rating }]) => [name, ratingSystem(rating)]))
  const systemOf = (board: string) => systems.get(board) ?? null
  const boardOptionsOf = (name: string) => (Object.hasOwn(options.boards, name) ? (options.boards[name] ?? null) : null)
  const referee = createReferee({ ...needs, store, systemOf })
  const boards = createBoards({ db, store, systemOf, peopleOf: needs.peopleOf })

  return {
    routes: resultsRoutes({ db, store, referee, boards, boardOptionsOf, systemOf, peopleOf: needs.peopleOf }),
    hasBoard: (name) => systems.has(name),
    accept: referee.accept,
    async resultOf(session) {
      const [found] = await db.once((tx) => listShown(store, tx, { session, limit: 1 }))
      return found?.shown ?? null
    },

    async ratingsOf(board, players) {
      const system = systemOf(board)
      if (system === null) throw new Error(`There is no board ${board}.`)
      const known = await db.once((tx) => store.standingsOf(tx, board, players))
      return new Map(
        players.map((player) => {
          const { points, rating } = known.get(player) ?? newcomer(system, player)
          return [player, { points, games: rating.games }]
        }),
      )
    },

    async start() {
      for (const [name, system] of systems) {
        const rules = JSON.stringify(options.boards[name]?.rating)
        await refoldIfChanged({ ...needs, store }, { name, system, rules }, options.refoldBatchMax)
      }
    },
    stop: async () => undefined,

    personal: {
      exportOf: (player) =>
        db.once(async (tx) => ({
          ratings: (await store.boardsOf(tx, player)).map(({ board, standing }) => ({
            board,
            ...standingText(standing, systemOf(board)),
          })),
          stats: await store.statsOf(tx, player),
          results: (await listShown(store, tx, { player, limit: exportedResultsMax })).map((one) => one.shown),
        })),
      erase: (tx, player) => store.erase(tx, player),
    },
  }
}
