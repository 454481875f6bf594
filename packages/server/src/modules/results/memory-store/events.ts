import type { Tx } from '../../../platform/db.ts'
import { keptJson, memoryOf, uniqueViolation } from '../../../platform/memory-db/index.ts'
import type { ResultEvent } from '../domain.ts'
import type { Change } from '../fold.ts'
import type { EventQuery, ResultsStore } from '../store.ts'
import { eventsIn, nextSeq, type PlayerRow, playerKey, playersIn } from './tables.ts'

type Events = Pick<ResultsStore, 'addEvent' | 'addChanges' | 'eventOf' | 'listEvents' | 'changesOf' | 'boardEvents'>

const byPlayer = (one: PlayerRow, other: PlayerRow) => (one.player < other.player ? -1 : 1)
const copyOf = (event: ResultEvent): ResultEvent => ({ ...event })

export const events: Events = {
  async addEvent(tx, { session, board, mode, at, result }, players) {
    const seq = nextSeq(tx)
    const event = { seq, session, board, mode, at, result: keptJson(result) }
    if (!(await eventsIn(tx).insert(event))) throw memoryOf(tx).fail(uniqueViolation('results_events_session_id_key'))
    const rows = playersIn(tx)
    for (const player of players) {
      const row = { player, seq, session, before: null, after: null }
      if (!(await rows.insert(row))) throw memoryOf(tx).fail(uniqueViolation('results_players_pkey'))
    }
    return seq
  },

  async addChanges(tx, seq, changes) {
    const rows = playersIn(tx)
    const wanted = new Map(changes.map((change) => [change.player, change]))
    for (const row of await rows.hold(changes.map(({ player }) => playerKey(player, seq)))) {
      const { before = null, after = null } = wanted.get(row.player) ?? {}
      rows.put({ ...row, before, after })
    }
  },

  async eventOf(tx, session) {
    const event = eventsIn(tx).get(session)
    return event === null ? null : copyOf(event)
  },

  async listEvents(tx, query) {
    const found: ResultEvent[] = []
    if (query.limit <= 0) return found
    for (const event of newestFirst(tx, query)) {
      if (!fits(tx, event, query)) continue
      found.push(copyOf(event))
      if (found.length === query.limit) break
    }
    return found
  },

  async changesOf(tx, seqs) {
    const rows = playersIn(tx)
    return new Map(
      seqs.map((seq) => {
        const changes = rows
          .by('seq', String(seq))
          .sort(byPlayer)
          .flatMap(({ player, before, after }): Change[] =>
            before === null || after === null ? [] : [{ player, before, after }],
          )
        return [seq, changes]
      }),
    )
  },

  async boardEvents(tx, board, afterSeq, limit) {
    const found: ResultEvent[] = []
    if (limit <= 0) return found
    for (const event of eventsIn(tx).after('board', [board, afterSeq])) {
      if (event.board !== board) break
      found.push(copyOf(event))
      if (found.length === limit) break
    }
    return found
  },
}

/** Along whatever leaves the least to look through. */
function* newestFirst(tx: Tx, { player, session, board, beforeSeq }: EventQuery): Iterable<ResultEvent> {
  const known = eventsIn(tx)
  const before = beforeSeq ?? Number.POSITIVE_INFINITY
  if (session !== undefined) {
    const event = known.get(session)
    if (event !== null) yield event
  } else if (player !== undefined) {
    for (const row of playersIn(tx).before('player', [player, before])) {
      if (row.player !== player) return
      yield known.get(row.session) as ResultEvent
    }
  } else if (board !== undefined) {
    for (const event of known.before('board', [board, before])) {
      if (event.board !== board) return
      yield event
    }
  } else {
    yield* known.before('seq', [before])
  }
}

function fits(tx: Tx, event: ResultEvent, { player, session, board, beforeSeq }: EventQuery): boolean {
  if (board !== undefined && event.board !== board) return false
  if (beforeSeq !== undefined && event.seq >= beforeSeq) return false
  // Without a session, it was found by its player.
  if (player === undefined || session === undefined) return true
  return playersIn(tx).get(playerKey(player, event.seq)) !== null
}
