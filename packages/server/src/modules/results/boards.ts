import { type BoardRow, type PlayerId, Refusal } from '@muster/protocol'
import type { Db, Tx } from '../../platform/db.ts'
import type { Standing } from './fold.ts'
import type { RatingSystem } from './ratings/index.ts'
import { standingText } from './standing-text.ts'
import type { ResultsStore } from './store.ts'

export interface BoardsNeeds {
  db: Db
  store: ResultsStore
  systemOf(board: string): RatingSystem | null
  peopleOf(players: PlayerId[]): Promise<Map<PlayerId, { nick: string }>>
}

export interface BoardPage {
  players: number
  rows: BoardRow[]
  next: string | null
}

const nobody = '(erased)'

const cursorOf = ({ standing, player }: Standing) => `${standing},${player}`

/** The contract has seen to its shape. */
function readCursor(text: string): { standing: number; player: string } {
  const at = text.indexOf(',')
  return { standing: Number(text.slice(0, at)), player: text.slice(at + 1) }
}

export interface Boards {
  page(board: string, gamesMin: number, query: { limit: number; after?: string }): Promise<BoardPage>
  /** The player's row with those above and below. */
  around(board: string, gamesMin: number, player: PlayerId, limit: number): Promise<BoardPage>
}

export function createBoards({ db, store, systemOf, peopleOf }: BoardsNeeds): Boards {
  async function dress(tx: Tx, board: string, gamesMin: number, standings: Standing[]): Promise<BoardRow[]> {
    const [first] = standings
    if (first === undefined) return []
    const people = await peopleOf(standings.map(({ player }) => player))
    const { standing, player } = first
    const above = await store.countStandings(tx, board, gamesMin, { standing })
    // Places within the page follow from the first: equals share theirs, who comes after them skips as many.
    let position = await store.countStandings(tx, board, gamesMin, { standing, player })
    let place = above + 1
    let previous = standing
    const system = systemOf(board)
    return standings.map((one) => {
      const { player, standing } = one
      position++
      if (standing !== previous) place = position
      previous = standing
      return {
        place,
        player_id: player,
        nick: people.get(player)?.nick ?? nobody,
        ...standingText(one, system),
      }
    })
  }

  return {
    page: (board, gamesMin, { limit, after }) =>
      db.once(async (tx) => {
        const from = after === undefined ? undefined : readCursor(after)
        const found = await store.listStandings(tx, { board, gamesMin, from, descending: true, limit: limit + 1 })
        const standings = found.slice(0, limit)
        const last = standings.at(-1)
        return {
          players: await store.countStandings(tx, board, gamesMin),
          rows: await dress(tx, board, gamesMin, standings),
          next: found.length > limit && last !== undefined ? cursorOf(last) : null,
        }
      }),

    around: (board, gamesMin, player, limit) =>
      db.once(async (tx) => {
        const own = (await store.standingsOf(tx, board, [player])).get(player)
        if (own === undefined || own.rating.games < gamesMin) {
          throw new Refusal('PLAYER_NOT_FOUND', { detail: 'This player is not on this leaderboard.' })
        }
        const from = { standing: own.standing, player }
        const each = Math.floor((limit - 1) / 2)
        const query = { board, gamesMin, from }
        const above = await store.listStandings(tx, { ...query, descending: false, limit: each })
        const below = await store.listStandings(tx, { ...query, descending: true, limit: limit - above.length - 1 })
        const standings = [...above.reverse(), own, ...below]
        return {
          players: await store.countStandings(tx, board, gamesMin),
          rows: await dress(tx, board, gamesMin, standings),
          next: null,
        }
      }),
  }
}
