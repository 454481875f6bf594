import { addOrHold, type Place } from '../../../platform/memory-db/index.ts'
import type { Standing } from '../fold.ts'
import type { BoardQuery, ResultsStore } from '../store.ts'
import { copyOf, eventsIn, playerKey, playersIn, rowOf, type StandingRow, standingKey, standingsIn } from './tables.ts'

type Standings = Pick<
  ResultsStore,
  'lockStandings' | 'writeStandings' | 'standingsOf' | 'boardsOf' | 'listStandings' | 'countStandings' | 'clearBoard'
>

const byPlayer = (one: Standing, other: Standing) => (one.player < other.player ? -1 : 1)
const byBoard = (one: StandingRow, other: StandingRow) => (one.board < other.board ? -1 : 1)
const standingOfEach = (rows: StandingRow[]) => new Map(rows.map((row) => [row.standing.player, copyOf(row)]))

export const standings: Standings = {
  async lockStandings(tx, board, newcomers) {
    const rows = standingsIn(tx)
    const ordered = [...newcomers].sort(byPlayer)
    for (const newcomer of ordered) await rows.insert(rowOf(tx, board, newcomer))
    return standingOfEach(await rows.hold(ordered.map(({ player }) => standingKey(board, player))))
  },

  async writeStandings(tx, board, written) {
    const rows = standingsIn(tx)
    for (const standing of [...written].sort(byPlayer)) {
      const row = rowOf(tx, board, standing)
      if ((await addOrHold(rows, standingKey(board, standing.player), row)) !== null) rows.put(row)
    }
  },

  async standingsOf(tx, board, players) {
    const rows = standingsIn(tx)
    return standingOfEach(players.flatMap((player) => rows.get(standingKey(board, player)) ?? []))
  },

  async boardsOf(tx, player) {
    const rows = standingsIn(tx).by('player', player).sort(byBoard)
    return rows.map((row) => ({ board: row.board, standing: copyOf(row) }))
  },

  async listStandings(tx, query) {
    const found: Standing[] = []
    if (query.limit <= 0) return found
    for (const row of fromHere(standingsIn(tx), query)) {
      if (row.board !== query.board) break
      if (row.standing.rating.games < query.gamesMin) continue
      found.push(copyOf(row))
      if (found.length === query.limit) break
    }
    return found
  },

  async countStandings(tx, board, gamesMin, before) {
    let count = 0
    for (const row of standingsIn(tx).after('best', [board])) {
      const { standing, player, rating } = row.standing
      if (row.board !== board) break
      if (before !== undefined && !isBefore(standing, player, before)) break
      if (rating.games >= gamesMin) count++
    }
    return count
  },

  async clearBoard(tx, board) {
    const rows = standingsIn(tx)
    const players = playersIn(tx)
    const keys: string[] = []
    for (const row of rows.after('best', [board])) {
      if (row.board !== board) break
      keys.push(standingKey(board, row.standing.player))
    }
    for (const { standing } of await rows.hold(keys)) rows.remove(standingKey(board, standing.player))
    const moved: string[] = []
    for (const { seq, board: its } of eventsIn(tx).after('board', [board])) {
      if (its !== board) break
      for (const { player } of players.by('seq', String(seq))) moved.push(playerKey(player, seq))
    }
    for (const row of await players.hold(moved)) players.put({ ...row, before: null, after: null })
  },
}

const isBefore = (standing: number, player: string, before: { standing: number; player?: string }): boolean =>
  standing > before.standing || (standing === before.standing && before.player !== undefined && player < before.player)

/** From the best, or towards it from the last, or from behind a row. */
function fromHere(rows: ReturnType<typeof standingsIn>, { board, from, descending }: BoardQuery) {
  if (descending) return rows.after('best', from === undefined ? [board] : placeOf(board, from))
  return rows.before('best', from === undefined ? [board, Number.POSITIVE_INFINITY, ''] : placeOf(board, from))
}

const placeOf = (board: string, { standing, player }: { standing: number; player: string }): Place => [
  ...[board, -standing, player],
]
