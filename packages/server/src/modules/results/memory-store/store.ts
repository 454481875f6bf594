import { addOrHold } from '../../../platform/memory-db/index.ts'
import type { ResultsStore } from '../store.ts'
import { events } from './events.ts'
import { standings } from './standings.ts'
import { boardsIn, type StatRow, standingKey, standingsIn, statKey, statsIn } from './tables.ts'

/** Results in a memory database. */
export const memoryResultsStore = (): ResultsStore => ({
  ...events,
  ...standings,

  async addStats(tx, stats) {
    const rows = statsIn(tx)
    const added = Object.entries(stats).flatMap(([player, counts]) =>
      Object.entries(counts).map(([name, total]): StatRow => ({ player, name, total })),
    )
    for (const row of added.sort(byPlayerAndName)) {
      const known = await addOrHold(rows, statKey(row.player, row.name), row)
      if (known !== null) rows.put({ ...row, total: known.total + row.total })
    }
  },

  async statsOf(tx, player) {
    const rows = statsIn(tx).by('player', player)
    return Object.fromEntries(rows.map(({ name, total }) => [name, total]))
  },

  async rulesOf(tx, board) {
    const [row] = await boardsIn(tx).hold([board], 'share')
    return row?.rules ?? null
  },

  async setRules(tx, board, rules) {
    const rows = boardsIn(tx)
    if ((await addOrHold(rows, board, { board, rules })) !== null) rows.put({ board, rules })
  },

  async erase(tx, player) {
    const known = standingsIn(tx)
    const keys = known.by('player', player).map(({ board }) => standingKey(board, player))
    for (const { board } of await known.hold(keys)) known.remove(standingKey(board, player))
    const stats = statsIn(tx)
    const names = stats.by('player', player).map(({ name }) => statKey(player, name))
    for (const { name } of await stats.hold(names)) stats.remove(statKey(player, name))
  },
})

const byPlayerAndName = (one: StatRow, other: StatRow): number => {
  if (one.player !== other.player) return one.player < other.player ? -1 : 1
  return one.name < other.name ? -1 : 1
}
