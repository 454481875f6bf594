import type { PlayerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import type { EndState, LiveState } from './domain.ts'
import { isLive } from './domain.ts'
import { type SeatState, shownState } from './seats.ts'
import type { Steps } from './steps.ts'
import type { KeptSession, SessionStore } from './store.ts'
import { reasonOf } from './view.ts'

/** A session that has just been completed, as far as its result depends on it. */
export interface FinishedSession
  extends Pick<KeptSession, 'id' | 'kind' | 'match' | 'mode' | 'region' | 'board' | 'server' | 'told' | 'requestedAt'> {
  startedAt: number
  players: {
    player: PlayerId
    nick: string
    guest: boolean
    team: number
    state: SeatState
    /** First seen on the server; null for who never came, and where the server never says who came (`told` is false). */
    joinedAt: number | null
    gaveUpAt: number | null
    /** The account is gone: nothing may be kept of this player. */
    erased: boolean
  }[]
}

export type FinishVerdict =
  | { kind: 'finished'; session: FinishedSession }
  | { kind: 'already'; state: EndState; reason: string | null }
  | { kind: 'too_early'; state: LiveState }
  | { kind: 'unknown' }

/** Completes a session inside the transaction that applies its result, so that neither is without the other. */
export type Finish = (tx: Tx, session: SessionId) => Promise<FinishVerdict>

export function createFinish({ store, steps }: { store: SessionStore; steps: Steps }): Finish {
  return async (tx, id) => {
    const session = await store.lock(tx, id)
    if (session === null) return { kind: 'unknown' }
    const verdict = await steps.take(tx, session, 'finished')
    if (verdict.kind === 'end') return { kind: 'finished', session: finished(session) }
    if (isLive(session.state)) return { kind: 'too_early', state: session.state }
    return { kind: 'already', state: session.state, reason: reasonOf(session) }
  }
}

function finished(session: KeptSession): FinishedSession {
  const { id, kind, match, mode, region, board, server, told, requestedAt } = session
  return {
    ...{ id, kind, match, mode, region, board, server, told, requestedAt },
    startedAt: session.startedAt ?? requestedAt,
    players: session.seats.map((seat) => ({
      player: seat.player,
      nick: seat.nick,
      guest: seat.guest,
      team: seat.team,
      state: shownState(seat),
      joinedAt: seat.joinedAt,
      gaveUpAt: seat.gaveUpAt,
      erased: seat.erased,
    })),
  }
}
