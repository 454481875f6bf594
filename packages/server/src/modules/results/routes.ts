import {
  type AcceptedResult,
  type PlayerId,
  profileContracts,
  Refusal,
  resultContracts,
  sessionContracts,
} from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { type Route, route } from '../../platform/http/route.ts'
import type { Boards } from './boards.ts'
import type { BoardOptions } from './config.ts'
import type { ResultEvent } from './domain.ts'
import { type Change, shown } from './fold.ts'
import type { RatingSystem } from './ratings/index.ts'
import type { Referee } from './referee.ts'
import { standingText } from './standing-text.ts'
import type { ResultsStore } from './store.ts'

export interface ResultsRoutesNeeds {
  db: Db
  store: ResultsStore
  referee: Referee
  boards: Boards
  boardOptionsOf(name: string): BoardOptions | null
  systemOf(board: string): RatingSystem | null
  peopleOf(players: PlayerId[]): Promise<Map<PlayerId, { nick: string; guest: boolean; createdAt: number }>>
}

const pageRows = 20

export const resultShown = (event: ResultEvent, changes: Change[]): AcceptedResult => ({
  session_id: event.session,
  mode: event.mode,
  board: event.board,
  at: timeText(event.at),
  ...event.result,
  changes: changes.map(({ player, before, after }) => ({
    player_id: player,
    before: shown(before),
    after: shown(after),
  })),
})

/** Results with how they moved ratings, newest first. */
export async function listShown(store: ResultsStore, tx: Tx, query: Parameters<ResultsStore['listEvents']>[1]) {
  const events = await store.listEvents(tx, query)
  const changes = await store.changesOf(
    tx,
    events.map(({ seq }) => seq),
  )
  return events.map((event) => ({ seq: event.seq, shown: resultShown(event, changes.get(event.seq) ?? []) }))
}

export function resultsRoutes(needs: ResultsRoutesNeeds): Route[] {
  const { db, store } = needs
  return [
    route(sessionContracts.reportResult, async ({ params, body }) => ({
      status: 200,
      body: { state: await needs.referee.accept(params.id, body) },
    })),

    route(resultContracts.listResults, async ({ query }) => {
      const { player, session, board, limit = pageRows, after } = query
      const beforeSeq = after === undefined ? undefined : Number(after)
      const found = await db.once((tx) => listShown(store, tx, { player, session, board, beforeSeq, limit: limit + 1 }))
      const page = found.slice(0, limit)
      const next = found.length > limit ? String(page.at(-1)?.seq) : null
      return { status: 200, body: { results: page.map((one) => one.shown), next } }
    }),

    route(resultContracts.readLeaderboard, async ({ params, query, caller }) => {
      const options = needs.boardOptionsOf(params.board)
      if (options === null) throw new Refusal('BOARD_NOT_FOUND')
      const { limit = pageRows, after, around } = query
      if (around === 'me' && caller.kind !== 'player') {
        throw new Refusal('UNAUTHENTICATED', { detail: '`around=me` needs a player’s token.' })
      }
      const player = around === 'me' && caller.kind === 'player' ? caller.player : (around as PlayerId | undefined)
      const page =
        player === undefined
          ? await needs.boards.page(params.board, options.gamesMin, { limit, after })
          : await needs.boards.around(params.board, options.gamesMin, player, limit)
      return { status: 200, body: { board: params.board, system: options.rating.system, ...page } }
    }),

    route(profileContracts.readProfile, async ({ params }) => {
      const person = (await needs.peopleOf([params.id])).get(params.id)
      if (person === undefined) throw new Refusal('PLAYER_NOT_FOUND')
      const { ratings, stats } = await db.once(async (tx) => ({
        ratings: await store.boardsOf(tx, params.id),
        stats: await store.statsOf(tx, params.id),
      }))
      return {
        status: 200,
        body: {
          id: params.id,
          nick: person.nick,
          guest: person.guest,
          created_at: timeText(person.createdAt),
          ratings: ratings.map(({ board, standing }) => ({ board, ...standingText(standing, needs.systemOf(board)) })),
          stats,
        },
      }
    }),
  ]
}
