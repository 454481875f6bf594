import type { PlayerId } from '@muster/protocol'
import type { Db } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import { applyResult, type Standing } from './fold.ts'
import type { RatingSystem } from './ratings/index.ts'
import type { ResultsStore } from './store.ts'

/**
 * Folds a board's results anew if it was folded by other rules than those it has now: ratings are what the results say,
 * so changing the system, or a parameter, changes them all. One transaction: who reads sees the old or the new.
 */
export async function refoldIfChanged(
  needs: { db: Db; store: ResultsStore; log: Log },
  board: { name: string; system: RatingSystem; rules: string },
  batchMax: number,
): Promise<boolean> {
  const { store } = needs
  return needs.db.transact(async (tx) => {
    const known = await store.rulesOf(tx, board.name)
    if (known === board.rules) return false
    await store.setRules(tx, board.name, board.rules)
    if (known === null) return false

    await store.clearBoard(tx, board.name)
    const standings = new Map<PlayerId, Standing>()
    let results = 0
    for (let afterSeq = 0; ; ) {
      const events = await store.boardEvents(tx, board.name, afterSeq, batchMax)
      for (const { seq, at, result } of events) {
        const applied = applyResult(board.system, standings, result, at)
        for (const standing of applied.standings) standings.set(standing.player, standing)
        await store.addChanges(tx, seq, applied.changes)
      }
      results += events.length
      const last = events.at(-1)
      if (last === undefined) break
      afterSeq = last.seq
    }
    await store.writeStandings(tx, board.name, [...standings.values()])
    needs.log.info({ board: board.name, results, players: standings.size }, 'ratings folded anew by changed rules')
    return true
  })
}
