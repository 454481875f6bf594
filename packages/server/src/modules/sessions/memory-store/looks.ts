import type { SessionId } from '@muster/protocol'
import { liveStates } from '../domain.ts'
import type { SessionStore } from '../store.ts'
import { byPlayer, glanceOf, lateIn, type SessionRow, seatsIn, sessionsIn } from './tables.ts'

type Looks = Pick<
  SessionStore,
  'glance' | 'due' | 'opening' | 'served' | 'slotsDue' | 'countLive' | 'seatsOf' | 'lateReports'
>

function firstOf<Row>(rows: Iterable<Row>, limit: number, isWanted: (row: Row) => boolean = () => true): Row[] {
  const found: Row[] = []
  if (limit <= 0) return found
  for (const row of rows) {
    if (!isWanted(row)) break
    found.push(row)
    if (found.length === limit) break
  }
  return found
}

/** Reading without holding anything. */
export const looks: Looks = {
  async glance(tx, ids) {
    const sessions = sessionsIn(tx)
    return [...new Set(ids)].flatMap((id) => {
      const row = sessions.get(id)
      return row === null ? [] : [glanceOf(row)]
    })
  },
  async due(tx, now, limit) {
    const isDue = ({ kept }: SessionRow) => (kept.deadlineAt as number) <= now
    return firstOf(sessionsIn(tx).after('due', []), limit, isDue).map(glanceOf)
  },
  async opening(tx, limit) {
    return firstOf(sessionsIn(tx).after('opening', []), limit).map(glanceOf)
  },
  async served(tx, after, limit) {
    return firstOf(sessionsIn(tx).after('served', after === null ? [] : [after]), limit).map(glanceOf)
  },
  async slotsDue(tx, now, limit) {
    const seats = seatsIn(tx).after('slots', [])
    const due = firstOf(seats, limit, ({ seat }) => (seat.slotEndsAt as number) <= now)
    return [...new Set(due.map(({ session }) => session))]
  },
  async countLive(tx) {
    const sessions = sessionsIn(tx)
    const counts = liveStates.map((state) => [state, sessions.by('live', state).length] as const)
    return new Map(counts.filter(([, count]) => count > 0))
  },
  async seatsOf(tx, player) {
    const sessions = sessionsIn(tx)
    return byPlayer(player, seatsIn(tx)).map(({ session, seat }) => {
      const { kept } = sessions.get(session) as SessionRow
      const { id, kind, mode, state, requestedAt, startedAt, endedAt } = kept
      const { nick, team, role, joinedAt, gaveUpAt } = seat
      return {
        ...{ id, kind, mode, state, requestedAt, startedAt, endedAt },
        seat: { nick, team, role, state: seat.state, joinedAt, gaveUpAt },
      }
    })
  },
  async lateReports(tx, id: SessionId) {
    const rows = lateIn(tx).by('session', id)
    return rows.sort((one, other) => one.id - other.id).map(({ report }) => ({ ...report }))
  },
}
