import { type MatchId, Refusal, type SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { MatchmakingOptions } from './config.ts'
import { blameOf, fatesOf, type Match, membersOf, partiesOf, playersOf } from './domain.ts'
import { toldOf } from './entry-text.ts'
import type { FallThrough } from './fall-through.ts'
import type { Figures } from './figures.ts'
import { afterFailure, afterSuccess, lifted } from './hold.ts'
import type { MatchmakingNeeds, Push, SessionNews } from './needs.ts'
import { restHint } from './rests.ts'
import type { MatchmakingStore } from './store.ts'

export interface FollowerNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  log: Log
  store: Pick<
    MatchmakingStore,
    'lockMatch' | 'changeMatch' | 'changeEntries' | 'noteLast' | 'matchesOf' | 'postpone' | 'changeHold'
  >
  fallThrough: FallThrough
  push: MatchmakingNeeds['push']
  sessionsView: MatchmakingNeeds['sessionsView']
  admissionOf: MatchmakingNeeds['admissionOf']
  figures: Figures
}

export interface Follower {
  /** Takes whatever step the session of each match calls for; several nodes may do so at once. */
  follow(matches: readonly Match[]): Promise<void>
}

/** Hints bring a session's news at once. These are for hints that got lost. */
const lookAgainMs = { untold: 1_000, loading: 2_000, inProgress: 15_000 }
/** Causes for which the next match of the mode would fare no better. */
const withoutServer = new Set(['no_server', 'server_not_ready', 'server_failed'])

/** Follows the sessions of confirmed matches: tells the players where to play, takes them back into their queue if the
 *  session came to nothing, and lets them go when it is over. */
export function createFollower(needs: FollowerNeeds, options: Pick<MatchmakingOptions, 'noServerHold'>): Follower {
  const { clock, db, wakes, log, store, fallThrough, push, admissionOf, figures } = needs

  /** All of them, or null: some cannot come in right now. */
  async function admissions(match: Match, session: SessionId, news: SessionNews): Promise<Push[] | null> {
    const gaveUp = new Set(news.seats.filter((seat) => seat.gaveUpAt !== null).map((seat) => seat.player))
    const admitted = await Promise.all(
      playersOf(match)
        .filter((player) => !gaveUp.has(player))
        .map(async (player): Promise<Push | null> => {
          const admission = await admissionOf(session, player)
          return admission && { player, event: 'match_confirmed', data: toldOf(admission) }
        }),
    )
    const pushes = admitted.filter((one) => one !== null)
    return pushes.length < admitted.length ? null : pushes
  }

  async function tell(id: MatchId, messages: Push[]): Promise<void> {
    await db.transact(async (tx) => {
      const match = await store.lockMatch(tx, id)
      if (match?.state !== 'confirmed' || match.told) return
      const now = clock.now()
      await store.changeMatch(tx, id, { told: true, dueAt: now + lookAgainMs.loading }, now)
      await ease(tx, match.mode, afterSuccess)
      await push(tx, messages)
      afterCommit(tx, () => wakes.wake('player', playersOf(match)))
    })
  }

  const ease = (tx: Tx, mode: string, change: typeof afterSuccess) =>
    store.changeHold(tx, mode, (hold) => {
      if (hold === null) return null
      afterCommit(tx, () => wakes.wake('queue', [restHint]))
      return change(hold, clock.now())
    })

  /** The session was cancelled; it has sent the players back to their entries. */
  async function takeBack(id: MatchId, news: SessionNews): Promise<void> {
    await db.transact(async (tx) => {
      const match = await store.lockMatch(tx, id)
      if (match?.state !== 'confirmed') return
      const cause = news.cause ?? 'cancelled'
      if (withoutServer.has(cause)) {
        const failure = { mode: match.mode, cause, says: news.detail ?? '' }
        await store.changeHold(tx, match.mode, (hold) => afterFailure(hold, failure, options.noServerHold, clock.now()))
        afterCommit(tx, () => wakes.wake('queue', [restHint]))
      }
      const blame = blameOf(news.seats)
      // A seat whose player was erased bears another name by now: nothing is to be remembered of it.
      const players = new Set(playersOf(match))
      const struck = [...blame.keys()].filter((player) => players.has(player))
      const fates = fatesOf(match, blame, cause)
      const heard = news.seats.filter(({ state }) => state === 'joined').map(({ player }) => player)
      await fallThrough(tx, match, { reason: cause, fates, leavers: [...blame.keys()], struck, heard })
    })
  }

  async function letGo(id: MatchId, state: 'completed' | 'abandoned'): Promise<void> {
    await db.transact(async (tx) => {
      const match = await store.lockMatch(tx, id)
      if (match?.state !== 'confirmed') return
      const now = clock.now()
      const parties = partiesOf(match)
      await store.changeMatch(tx, id, { state }, now)
      const changes = parties.map(
        ({ entry }) => ({ entry, match: id, from: 'confirmed', to: 'closed', reason: state }) as const,
      )
      await ease(tx, match.mode, lifted)
      const closed = new Set(await store.changeEntries(tx, changes, now, now))
      const each = membersOf(parties.filter(({ entry }) => closed.has(entry)))
      await store.noteLast(tx, each, now)
      await push(
        tx,
        each.map(({ player }) => ({
          player,
          event: 'match_completed',
          data: { match_id: id, session_id: match.session ?? '', state },
        })),
      )
      afterCommit(tx, () => {
        figures.closed(state, parties.length)
        wakes.wake('player', playersOf(match))
      })
    })
  }

  /** Answers when to look again, null when the match needs no more following. */
  async function step(match: Match, session: SessionId, news: SessionNews): Promise<number | null> {
    switch (news.state) {
      case 'requested':
      case 'preparing':
        return lookAgainMs.untold
      case 'loading':
      case 'in_progress': {
        if (match.told) return news.state === 'loading' ? lookAgainMs.loading : lookAgainMs.inProgress
        const messages = await admissions(match, session, news)
        if (messages === null) return lookAgainMs.untold
        await tell(match.id, messages)
        return null
      }
      case 'cancelled':
        await takeBack(match.id, news)
        return null
      case 'completed':
      case 'abandoned':
        await letGo(match.id, news.state)
        return null
    }
  }

  return {
    async follow(matches) {
      const followed = matches.flatMap((match) =>
        match.state === 'confirmed' && match.session !== null ? [{ match, session: match.session }] : [],
      )
      if (followed.length === 0) return
      const news = await needs.sessionsView(followed.map(({ session }) => session))
      const again = new Map<number, MatchId[]>()
      for (const { match, session } of followed) {
        const known = news.get(session)
        let inMs: number | null = lookAgainMs.inProgress
        try {
          if (known === undefined) log.error({ match: match.id, session }, 'the session of a match is not known')
          else inMs = await step(match, session, known)
        } catch (error) {
          if (!(error instanceof Refusal)) log.warn({ err: error, match: match.id }, 'a match could not be followed')
          inMs = lookAgainMs.untold
        }
        if (inMs !== null) again.set(inMs, [...(again.get(inMs) ?? []), match.id])
      }
      for (const [inMs, ids] of again) await db.once((tx) => store.postpone(tx, ids, clock.now() + inMs))
    },
  }
}
