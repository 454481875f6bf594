import { type PlayerId, Refusal, type SessionId, type SessionResult, type SessionState } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { Finish, FinishedSession, KeepLate } from '../sessions/index.ts'
import { checkResult, isSameResult, type RefereedSession } from './domain.ts'
import { applyResult, newcomer, type Standing } from './fold.ts'
import type { RatingSystem } from './ratings/index.ts'
import type { ResultsStore } from './store.ts'

export interface RefereeNeeds {
  clock: Clock
  db: Db
  log: Log
  metrics: Metrics
  store: ResultsStore
  systemOf(board: string): RatingSystem | null
  /** Ends the session as completed, in this transaction, with its row locked. */
  finish: Finish
  keepLate: KeepLate
}

export interface Referee {
  /** Accepts a result once; the same result again is acknowledged, another is refused. */
  accept(session: SessionId, result: SessionResult): Promise<SessionState>
}

export function createReferee(needs: RefereeNeeds): Referee {
  const { store } = needs
  const accepted = needs.metrics.counter('results_total', 'Results by what became of them', ['outcome'])

  /** A result for an ended session: the accepted one again is fine, anything else is late news and kept as such. */
  async function late(tx: Tx, session: SessionId, result: SessionResult, state: SessionState): Promise<Outcome> {
    const known = await store.eventOf(tx, session)
    if (known !== null && isSameResult(known.result, result)) {
      afterCommit(tx, () => accepted.inc({ outcome: 'repeated' }))
      return { state }
    }
    await needs.keepLate(tx, session, 'result', result)
    afterCommit(tx, () => accepted.inc({ outcome: 'late' }))
    if (known !== null) return { refusal: new Refusal('RESULT_CONFLICT') }
    const detail = `The session was ${state}, so no result is taken any more.`
    return { refusal: new Refusal('SESSION_ENDED', { detail }) }
  }

  async function apply(tx: Tx, session: RefereedSession, result: SessionResult): Promise<void> {
    const at = needs.clock.now()
    const erased = new Set(session.seats.filter((seat) => seat.erased).map(({ player }) => player))
    const isKept = ({ player }: { player: PlayerId }) => !erased.has(player)
    const players = result.teams.flatMap((team) => team.players)
    const keptPlayers = players.filter((player) => !erased.has(player))
    const system = session.board === null ? null : needs.systemOf(session.board)
    const event = { session: session.id, board: session.board, mode: session.mode, at, result }
    const stats = Object.entries(result.stats ?? {}).filter(([player]) => !erased.has(player as PlayerId))
    await store.addStats(tx, Object.fromEntries(stats))
    if (system === null || session.board === null) {
      await store.addEvent(tx, event, keptPlayers)
      return
    }
    // Shared with other results, exclusive of a refold: standings and rules never belong to different systems.
    await store.rulesOf(tx, session.board)
    const standings = await lock(tx, session.board, system, keptPlayers)
    const seq = await store.addEvent(tx, event, keptPlayers)
    const applied = applyResult(system, standings, result, at)
    await store.writeStandings(tx, session.board, applied.standings.filter(isKept))
    await store.addChanges(tx, seq, applied.changes.filter(isKept))
  }

  const lock = (tx: Tx, board: string, system: RatingSystem, players: PlayerId[]): Promise<Map<PlayerId, Standing>> =>
    store.lockStandings(
      tx,
      board,
      players.map((player) => newcomer(system, player)),
    )

  async function judge(tx: Tx, id: SessionId, result: SessionResult): Promise<Outcome> {
    const verdict = await needs.finish(tx, id)
    switch (verdict.kind) {
      case 'unknown':
        throw new Refusal('SESSION_NOT_FOUND')
      case 'too_early':
        throw new Refusal('SESSION_STATE', {
          detail: `The session is ${verdict.state}; report \`started\` before its result.`,
        })
      case 'already':
        return late(tx, id, result, verdict.state)
      case 'finished': {
        const session = refereed(verdict.session)
        checkResult(result, session)
        await apply(tx, session, result)
        afterCommit(tx, () => {
          accepted.inc({ outcome: 'accepted' })
          needs.log.info({ session: id, board: session.board, mode: session.mode }, 'result accepted')
        })
        return { state: 'completed' }
      }
    }
  }

  return {
    async accept(session, result) {
      const outcome = await needs.db.transact((tx) => judge(tx, session, result))
      if ('refusal' in outcome) throw outcome.refusal
      return outcome.state
    },
  }
}

type Outcome = { state: SessionState } | { refusal: Refusal }

/** Where a server never said who came, everybody counts as having come. */
const refereed = ({ id, kind, mode, board, told, players }: FinishedSession): RefereedSession => ({
  ...{ id, mode, board, amongFriends: kind === 'private' },
  seats: players.map(({ player, team, joinedAt, erased }) => ({
    player,
    team,
    came: !told || joinedAt !== null,
    erased,
  })),
})
