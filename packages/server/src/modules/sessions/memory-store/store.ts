import type { SessionId } from '@muster/protocol'
import type { Tx } from '../../../platform/db.ts'
import {
  foreignKeyViolation,
  keptJson,
  memoryOf,
  type Rows,
  uniqueViolation,
} from '../../../platform/memory-db/index.ts'
import type { KeptSession, Move, NewSession, SessionStore } from '../store.ts'
import { looks } from './looks.ts'
import { seating } from './seats.ts'
import {
  changed,
  copyOf,
  lateIn,
  lateKeysOf,
  matchesIn,
  nextLate,
  type SessionRow,
  seatKey,
  seatsIn,
  seatsOf,
  sessionOf,
  sessionsIn,
} from './tables.ts'

/** Sessions in a memory database. */
export const memorySessionStore = (): SessionStore => ({
  ...looks,
  ...seating,

  async insert(tx, session) {
    const known = session.match === null ? null : await claim(tx, { ...session, match: session.match })
    if (known !== null) return { id: known, fresh: false }
    if (!(await sessionsIn(tx).insert(rowOf(session))))
      throw memoryOf(tx).fail(uniqueViolation('sessions_sessions_pkey'))
    const seats = seatsIn(tx)
    const players = new Set(session.seats.map(({ player }) => player))
    if (players.size < session.seats.length) throw memoryOf(tx).fail(uniqueViolation('sessions_seats_pkey'))
    for (const [position, seat] of session.seats.entries()) {
      await seats.insert({ session: session.id, position, seat: copyOf(seat) })
    }
    return { id: session.id, fresh: true }
  },

  lock: async (tx, id) => (await lockAll(tx, [id]))[0] ?? null,
  lockAll,

  async read(tx, ids) {
    const sessions = sessionsIn(tx)
    const seats = seatsIn(tx)
    return [...new Set(ids)].flatMap((id) => {
      const session = sessions.get(id)
      return session === null ? [] : [sessionOf(session, seatsOf(seats, session))]
    })
  },

  async move(tx, id, move) {
    const sessions = sessionsIn(tx)
    const isThere = (row: SessionRow | null | undefined) => row?.kept.state === move.from
    if (!isThere(sessions.get(id))) return false
    const [row] = await sessions.hold([id])
    if (row === undefined || !isThere(row)) return false
    sessions.put(changed(row, movedBy(move)))
    return true
  },

  async end(tx, id, { state, cause, detail, at }) {
    const sessions = sessionsIn(tx)
    const seats = seatsIn(tx)
    if (sessions.get(id)?.kept.endedAt !== null) return false
    const [row] = await sessions.hold([id])
    if (row === undefined || row.kept.endedAt !== null) return false
    sessions.put(changed(row, { state, cause, detail, endedAt: at, deadlineAt: null, door: 'closed' }))
    const keys = row.seatKeys.filter((key) => seats.get(key)?.seat.slot === true)
    for (const one of await seats.hold(keys)) {
      if (one.seat.slot) seats.put({ ...one, seat: { ...one.seat, slot: false, slotEndsAt: null } })
    }
    return true
  },

  async wait(tx, id, deadlineAt) {
    const sessions = sessionsIn(tx)
    for (const row of await holdLive(sessions, id)) sessions.put(changed(row, { deadlineAt }))
  },

  async setDoor(tx, id, door) {
    const sessions = sessionsIn(tx)
    for (const row of await holdLive(sessions, id)) sessions.put(changed(row, { door }))
  },

  async told(tx, id, seq) {
    const sessions = sessionsIn(tx)
    for (const row of await sessions.hold([id])) {
      sessions.put(changed(row, { told: true, playersSeq: Math.max(row.kept.playersSeq, seq) }))
    }
  },

  async choose(tx, id, chosen) {
    const sessions = sessionsIn(tx)
    const hasNone = (row: SessionRow | null) => row !== null && row.kept.chosen === null
    if (!hasNone(sessions.get(id))) return
    for (const row of await sessions.hold([id])) {
      if (hasNone(row)) sessions.put(changed(row, { chosen: keptJson(chosen) }))
    }
  },

  async keepLate(tx, id, report, max) {
    const late = lateIn(tx)
    if (late.by('session', id).length >= max) return
    const row = { id: nextLate(tx), session: id, report: { ...report, body: keptJson(report.body) } }
    const parent = await sessionsIn(tx).hold([id], 'share')
    if (parent.length === 0) throw memoryOf(tx).fail(foreignKeyViolation('sessions_late_reports_session_fkey'))
    await late.insert(row)
  },

  async removeEnded(tx, before, limit) {
    const sessions = sessionsIn(tx)
    const removed = sessions.holdFree(endedBefore(sessions, before), limit)
    for (const { kept } of removed) sessions.remove(kept.id)
    for (const row of removed) await removeWhatBelongsTo(tx, row)
    return removed.length
  },
})

/** The session that the match has already, unless it is free for this one now. */
async function claim(tx: Tx, { id, match }: NewSession & { match: NonNullable<NewSession['match']> }) {
  const matches = matchesIn(tx)
  for (;;) {
    const known = matches.get(match)
    if (known !== null) await sessionsIn(tx).settle(known.session)
    if (known === null || matches.get(match) === null) {
      if (await matches.insert({ match, session: id })) return null
    } else {
      return known.session
    }
  }
}

async function holdLive(sessions: Rows<SessionRow>, id: SessionId): Promise<SessionRow[]> {
  const isLive = (row: SessionRow | null) => row !== null && row.kept.endedAt === null
  return isLive(sessions.get(id)) ? (await sessions.hold([id])).filter(isLive) : []
}

function* endedBefore(sessions: Rows<SessionRow>, before: number): Iterable<SessionId> {
  for (const { kept } of sessions.after('ended', [])) {
    if ((kept.endedAt as number) >= before) return
    yield kept.id
  }
}

async function removeWhatBelongsTo(tx: Tx, row: SessionRow): Promise<void> {
  const { id, match } = row.kept
  const seats = seatsIn(tx)
  for (const { session, position } of await seats.hold(row.seatKeys)) seats.remove(seatKey(session, position))
  const late = lateIn(tx)
  for (const report of await late.hold(lateKeysOf(late, id))) late.remove(String(report.id))
  if (match === null) return
  const matches = matchesIn(tx)
  for (const held of await matches.hold([match])) matches.remove(held.match)
}

const rowOf = (session: NewSession): SessionRow => ({
  kept: {
    id: session.id,
    kind: session.kind,
    mode: session.mode,
    match: session.match,
    region: session.region,
    board: session.board,
    settings: keptJson(session.settings),
    chosen: null,
    ...{ state: 'requested', cause: null, detail: null, door: session.door, told: false, playersSeq: 0 },
    playersMax: session.playersMax,
    ...{ deadlineAt: session.deadlineAt, server: null, instance: null, host: null, port: null },
    ...{ requestedAt: session.requestedAt, loadingAt: null, startedAt: null, endedAt: null },
  },
  ticketLifeMs: session.ticketLifeMs,
  seatKeys: session.seats.map((_, position) => seatKey(session.id, position)),
})

/** What was left undefined stays as it is. */
const movedBy = ({ to, at, deadlineAt, served = {}, chosen }: Move): Partial<SessionRow['kept']> => ({
  ...{ state: to, deadlineAt },
  ...(served.server === undefined ? {} : { server: served.server }),
  ...(served.instance === undefined ? {} : { instance: served.instance }),
  ...(served.host === undefined ? {} : { host: served.host }),
  ...(served.port === undefined ? {} : { port: served.port }),
  ...(to === 'loading' ? { loadingAt: at } : {}),
  ...(to === 'in_progress' ? { startedAt: at, door: 'closed' } : {}),
  ...(chosen === undefined ? {} : { chosen: keptJson(chosen) }),
})

async function lockAll(tx: Tx, ids: readonly SessionId[]): Promise<KeptSession[]> {
  const seats = seatsIn(tx)
  const held: KeptSession[] = []
  for (const session of await sessionsIn(tx).hold([...new Set(ids)].sort())) {
    held.push(sessionOf(session, await seats.hold(session.seatKeys)))
  }
  return held
}
