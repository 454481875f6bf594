import type { PlayerId, Session } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import { type SeatRole, type SeatState, shownState } from './seats.ts'
import type { KeptSession, LateReport } from './store.ts'

export interface SeatView {
  player: PlayerId
  nick: string
  guest: boolean
  team: number
  role: SeatRole
  state: SeatState
  /** First seen on the server; null for who never came. */
  joinedAt: number | null
  /** Gave up the own place. */
  gaveUpAt: number | null
}

/** A session as other modules see it. */
export interface SessionView
  extends Pick<
    KeptSession,
    'id' | 'kind' | 'match' | 'mode' | 'region' | 'board' | 'chosen' | 'door' | 'state' | 'cause' | 'detail' | 'server'
  > {
  /** Why it was cancelled or abandoned: the cause, or the server's own words. */
  reason: string | null
  requestedAt: number
  startedAt: number | null
  endedAt: number | null
  seats: SeatView[]
}

export const reasonOf = ({ cause, detail }: Pick<KeptSession, 'cause' | 'detail'>): string | null =>
  cause === 'reported' ? (detail ?? cause) : cause

export function viewOfSession(session: KeptSession): SessionView {
  const { id, kind, match, mode, region, board, chosen, door, state, cause, detail, server } = session
  const { requestedAt, startedAt, endedAt } = session
  return {
    ...{ id, kind, match, mode, region, board, chosen, door, state, cause, detail, server },
    ...{ requestedAt, startedAt, endedAt },
    reason: reasonOf(session),
    seats: session.seats.map((seat) => ({
      player: seat.player,
      nick: seat.nick,
      guest: seat.guest,
      team: seat.team,
      role: seat.role,
      state: shownState(seat),
      joinedAt: seat.joinedAt,
      gaveUpAt: seat.gaveUpAt,
    })),
  }
}

const timeOrNull = (at: number | null): string | null => (at === null ? null : timeText(at))

/** What players are told. */
export const sessionText = (session: SessionView): Session => ({
  id: session.id,
  kind: session.kind,
  mode: session.mode,
  state: session.state,
  reason: session.reason,
  detail: session.detail,
  match_id: session.match,
  players: session.seats.map(({ player, nick, team, state }) => ({ player_id: player, nick, team, state })),
  region: session.region,
  created_at: timeText(session.requestedAt),
  started_at: timeOrNull(session.startedAt),
  ended_at: timeOrNull(session.endedAt),
  // The report of it is an object, or there was none.
  ...(session.chosen === null ? {} : { settings: session.chosen as Record<string, unknown> }),
})

/** What operators and services are told beyond that. */
export const operatorsText = (session: SessionView, late: readonly LateReport[]): Session => ({
  ...sessionText(session),
  server_id: session.server,
  late_reports: late.map(({ kind, body, at }) => ({ kind, body, at: timeText(at) })),
})
