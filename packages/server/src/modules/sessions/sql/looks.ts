import type { SessionId } from '@muster/protocol'
import type { LiveState } from '../domain.ts'
import type { Glance, SessionStore } from '../store.ts'
import { tables } from './tables.ts'

type Looks = Pick<
  SessionStore,
  'glance' | 'due' | 'opening' | 'served' | 'slotsDue' | 'countLive' | 'seatsOf' | 'lateReports'
>

const glanced = ['id', 'mode', 'region', 'state', 'deadline_at as deadlineAt'] as const

/** Reading without holding anything. */
export const looks: Looks = {
  async glance(tx, ids): Promise<Glance[]> {
    if (ids.length === 0) return []
    return tables(tx)
      .selectFrom('sessions_sessions')
      .select(glanced)
      .where('id', 'in', [...ids])
      .execute()
  },
  due: (tx, now, limit) =>
    tables(tx)
      .selectFrom('sessions_sessions')
      .select(glanced)
      .where('ended_at', 'is', null)
      .where('deadline_at', '<=', now)
      .orderBy('deadline_at')
      .limit(limit)
      .execute(),
  opening: (tx, limit) =>
    tables(tx)
      .selectFrom('sessions_sessions')
      .select(glanced)
      .where('state', 'in', ['requested', 'preparing'])
      .orderBy('requested_at')
      .limit(limit)
      .execute(),
  served: (tx, after, limit) =>
    tables(tx)
      .selectFrom('sessions_sessions')
      .select(glanced)
      .where('state', 'in', ['loading', 'in_progress'])
      .$if(after !== null, (query) => query.where('id', '>', after as SessionId))
      .orderBy('id')
      .limit(limit)
      .execute(),
  async slotsDue(tx, now, limit) {
    const rows = await tables(tx)
      .selectFrom('sessions_seats')
      .select('session')
      .where('slot', '=', true)
      .where('slot_ends_at', '<=', now)
      .orderBy('slot_ends_at')
      .limit(limit)
      .execute()
    return [...new Set(rows.map((row) => row.session))]
  },
  async countLive(tx) {
    const rows = await tables(tx)
      .selectFrom('sessions_sessions')
      .select(['state', (count) => count.fn.countAll<number>().as('count')])
      .where('ended_at', 'is', null)
      .groupBy('state')
      .execute()
    return new Map(rows.map((row) => [row.state as LiveState, Number(row.count)]))
  },
  async seatsOf(tx, player) {
    const rows = await tables(tx)
      .selectFrom('sessions_seats as seat')
      .innerJoin('sessions_sessions as session', 'session.id', 'seat.session')
      .select(['session.id', 'session.kind', 'session.mode', 'session.state'])
      .select(['session.requested_at', 'session.started_at', 'session.ended_at'])
      .select(['seat.nick', 'seat.team', 'seat.role', 'seat.state as seat_state', 'seat.joined_at', 'seat.gave_up_at'])
      .where('seat.player', '=', player)
      .orderBy('session.id')
      .execute()
    return rows.map(({ id, kind, mode, state, nick, team, role, ...row }) => ({
      ...{ id, kind, mode, state },
      requestedAt: row.requested_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      seat: { nick, team, role, state: row.seat_state, joinedAt: row.joined_at, gaveUpAt: row.gave_up_at },
    }))
  },
  lateReports: (tx, id) =>
    tables(tx)
      .selectFrom('sessions_late_reports')
      .select(['kind', 'body', 'at'])
      .where('session', '=', id)
      .orderBy('id')
      .execute(),
}
