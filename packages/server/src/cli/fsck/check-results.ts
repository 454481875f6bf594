import type { PlayerId } from '@muster/protocol'
import type { Config } from '../../config.ts'
import { type Broken, type Fold, foldOf } from '../../laws/index.ts'
import { identityAudit } from '../../modules/identity/index.ts'
import { type EventRow, resultsAudit } from '../../modules/results/index.ts'
import { ratingSystem } from '../../modules/results/ratings/index.ts'
import { sessionsAudit } from '../../modules/sessions/index.ts'
import type { Tx } from '../../platform/db.ts'
import { inPages, inSlices } from '../../platform/pages.ts'
import type { Findings } from './findings.ts'

export interface ResultsNeeds {
  tx: Tx
  boards: Config['boards']
  broken: Broken
  saw(what: string, count: number): void
  notes: Findings['notes']
}

/** Law 5: every completed session has its one result and no other session has any, and standings follow from results. */
export async function checkResults(needs: ResultsNeeds): Promise<void> {
  const { tx, broken, saw } = needs
  const folds = await foldsOf(needs)
  saw('results', 0)
  saw('standings', 0)
  const pages = inPages<EventRow>(
    (after, max) => resultsAudit.events(tx, after, max),
    ({ seq }) => String(seq),
  )
  for await (const events of pages) {
    saw('results', events.length)
    for (const event of events) if (event.board !== null) folds.get(event.board)?.add(event)
    // A session is forgotten long before its result.
    const kept = await sessionsAudit.sessionsOf(
      tx,
      events.map((event) => event.session_id),
    )
    for (const { id, state } of kept) if (state !== 'completed') broken(5, `${id} is ${state}, and has a result`)
  }
  for (const [board, fold] of folds) await checkBoard(needs, board, fold)

  const completed = inPages(
    (after, max) => sessionsAudit.completed(tx, after, max),
    ({ id }) => id,
  )
  for await (const sessions of completed) {
    const ids = sessions.map(({ id }) => id)
    const withResult = new Set(await resultsAudit.sessionsWithResult(tx, ids))
    for (const id of ids) if (!withResult.has(id)) broken(5, `${id} is completed, and has no result`)
  }
}

/** Boards whose standings follow from the rules that the configuration has now. */
async function foldsOf({ tx, boards, notes }: ResultsNeeds): Promise<Map<string, Fold>> {
  const rules = await resultsAudit.rules(tx)
  const folds = new Map<string, Fold>()
  for (const [board, { rating }] of Object.entries(boards)) {
    const folded = rules.get(board)
    if (folded === undefined) continue
    if (folded === JSON.stringify(rating)) folds.set(board, foldOf(ratingSystem(rating)))
    else
      notes.push(
        `The board ${board} was folded by other rules than the configuration has: its standings were not checked.`,
      )
  }
  const strange = [...rules.keys()].filter((board) => !Object.hasOwn(boards, board))
  for (const board of strange) notes.push(`The configuration has no board ${board}: its standings were not checked.`)
  return folds
}

async function checkBoard({ tx, broken, saw }: ResultsNeeds, board: string, fold: Fold): Promise<void> {
  const pages = inPages(
    (after, max) => resultsAudit.standings(tx, board, after, max),
    ({ player }) => player,
  )
  for await (const standings of pages) {
    saw('standings', standings.length)
    for (const standing of standings) fold.check(standing, broken)
  }
  const without = fold.unchecked()
  const missing = new Set<PlayerId>(without)
  for await (const erased of inSlices(without, (some) => identityAudit.erasedAmong(tx, some))) {
    for (const player of erased) missing.delete(player)
  }
  for (const player of missing) broken(5, `${player} has results on ${board}, and no standing`)
}
