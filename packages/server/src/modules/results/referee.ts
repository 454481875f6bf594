import { type PlayerId, Refusal, type SessionId, type SessionResult, type SessionState } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { checkResult, type FinishedSession, isSameResult } from './domain.ts'
import { applyResult, newcomer, type Standing } from './fold.ts'
import type { RatingSystem } from './ratings/index.ts'
import type { ResultsStore } from './store.ts'

/** What sessions says when a result comes: the row is locked until the transaction ends. */
export type FinishVerdict =
  | { kind: 'finished'; session: FinishedSession }
  | { kind: 'already'; state: SessionState; reason: string | null }
  | { kind: 'too_early'; state: SessionState }
  | { kind: 'unknown' }

export interface RefereeNeeds {
  clock: Clock
  db: Db
  log: Log
  metrics: Metrics
  store: ResultsStore
  systemOf(board: string): RatingSystem | null
  /** Ends the session as completed, in this transaction. */
  finish(tx: Tx, session: SessionId): Promise<FinishVerdict>
}

export interface Referee {
  /** Accepts a result once; the same result again is acknowledged, another is refused. */
  accept(session: SessionId, result: SessionResult): Promise<SessionState>
}

export function createReferee(needs: RefereeNeeds): Referee {
  const { store } = needs
  const accepted = needs.metrics.counter('results_total', 'Results by what became of them', ['outcome'])

  async function refuseUnlessRepeated(tx: Tx, session: SessionId, result: SessionResult, state: SessionState) {
    const known = await store.eventOf(tx, session)
    if (known === null) {
      throw new Refusal('SESSION_ENDED', { detail: `The session was ${state}, so no result is taken any more.` })
    }
    if (!isSameResult(known.result, result)) throw new Refusal('RESULT_CONFLICT')
    afterCommit(tx, () => accepted.inc({ outcome: 'repeated' }))
    return state
  }

  async function apply(tx: Tx, session: FinishedSession, result: SessionResult): Promise<void> {
    const at = needs.clock.now()
    const players = result.teams.flatMap((team) => team.players)
    const system = session.board === null ? null : needs.systemOf(session.board)
    const event = { session: session.id, board: session.board, mode: session.mode, at, result }
    if (result.stats !== undefined) await store.addStats(tx, result.stats)
    if (system === null || session.board === null) {
      await store.addEvent(tx, event, players)
      return
    }
    // Shared with other results, exclusive of a refold: standings and rules never belong to different systems.
    await store.rulesOf(tx, session.board)
    const standings = await lock(tx, session.board, system, players)
    const seq = await store.addEvent(tx, event, players)
    const applied = applyResult(system, standings, result, at)
    await store.writeStandings(tx, session.board, applied.standings)
    await store.addChanges(tx, seq, applied.changes)
  }

  const lock = (tx: Tx, board: string, system: RatingSystem, players: PlayerId[]): Promise<Map<PlayerId, Standing>> =>
    store.lockStandings(
      tx,
      board,
      players.map((player) => newcomer(system, player)),
    )

  return {
    accept: (session, result) =>
      needs.db.transact(async (tx): Promise<SessionState> => {
        const verdict = await needs.finish(tx, session)
        switch (verdict.kind) {
          case 'unknown':
            throw new Refusal('SESSION_NOT_FOUND')
          case 'too_early':
            throw new Refusal('SESSION_STATE', {
              detail: `The session is ${verdict.state}; report \`started\` before its result.`,
            })
          case 'already':
            return refuseUnlessRepeated(tx, session, result, verdict.state)
          case 'finished':
            checkResult(result, verdict.session)
            await apply(tx, verdict.session, result)
            afterCommit(tx, () => {
              accepted.inc({ outcome: 'accepted' })
              needs.log.info({ session, board: verdict.session.board, mode: verdict.session.mode }, 'result accepted')
            })
            return 'completed'
        }
      }),
  }
}
