import type { SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import type { Tx } from '../../../platform/db.ts'
import type { Seat } from '../seats.ts'
import type { KeptSession, SessionStore } from '../store.ts'
import { looks } from './looks.ts'
import { seating } from './seats.ts'
import { json, type SeatRow, type SessionRow, seatOf, seatRow, sessionOf, tables } from './tables.ts'

/** Sessions in PostgreSQL. */
export const sqlSessionStore = (): SessionStore => ({
  ...looks,
  ...seating,

  async insert(tx, session) {
    const row = await tables(tx)
      .insertInto('sessions_sessions')
      .values({
        id: session.id,
        kind: session.kind,
        mode: session.mode,
        match: session.match,
        region: session.region,
        board: session.board,
        settings: json(session.settings),
        chosen: null,
        state: 'requested',
        cause: null,
        detail: null,
        door: session.door,
        players_max: session.playersMax,
        told: false,
        players_seq: 0,
        ticket_life_ms: session.ticketLifeMs,
        deadline_at: session.deadlineAt,
        server: null,
        instance: null,
        host: null,
        port: null,
        requested_at: session.requestedAt,
        loading_at: null,
        started_at: null,
        ended_at: null,
      })
      .onConflict((conflict) => conflict.column('match').doNothing())
      .returning('id')
      .executeTakeFirst()
    if (row === undefined) {
      const known = await tables(tx)
        .selectFrom('sessions_sessions')
        .select('id')
        .where('match', '=', session.match)
        .executeTakeFirstOrThrow()
      return { id: known.id, fresh: false }
    }
    await tables(tx)
      .insertInto('sessions_seats')
      .values(session.seats.map((seat, position) => seatRow(session.id, seat, position)))
      .execute()
    return { id: session.id, fresh: true }
  },

  lock: async (tx, id) => (await lockAll(tx, [id]))[0] ?? null,
  lockAll,

  async read(tx, ids) {
    if (ids.length === 0) return []
    const rows = await tables(tx)
      .selectFrom('sessions_sessions')
      .selectAll()
      .where('id', 'in', [...ids])
      .execute()
    const seats = await seatsOf(tx, ids).execute()
    return seated(rows, seats)
  },

  async move(tx, id, { from, to, at, deadlineAt, served, chosen }) {
    const row = await tables(tx)
      .updateTable('sessions_sessions')
      .set({ state: to, deadline_at: deadlineAt, ...served })
      .$if(to === 'loading', (query) => query.set({ loading_at: at }))
      .$if(to === 'in_progress', (query) => query.set({ started_at: at, door: 'closed' }))
      .$if(chosen !== undefined, (query) => query.set({ chosen: json(chosen) }))
      .where('id', '=', id)
      .where('state', '=', from)
      .returning('id')
      .executeTakeFirst()
    return row !== undefined
  },

  async end(tx, id, { state, cause, detail, at }) {
    const row = await tables(tx)
      .updateTable('sessions_sessions')
      .set({ state, cause, detail, ended_at: at, deadline_at: null, door: 'closed' })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .returning('id')
      .executeTakeFirst()
    if (row === undefined) return false
    await tables(tx)
      .updateTable('sessions_seats')
      .set({ slot: false, slot_ends_at: null })
      .where('session', '=', id)
      .where('slot', '=', true)
      .execute()
    return true
  },

  async wait(tx, id, deadlineAt) {
    await tables(tx)
      .updateTable('sessions_sessions')
      .set({ deadline_at: deadlineAt })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .execute()
  },

  async setDoor(tx, id, door) {
    await tables(tx)
      .updateTable('sessions_sessions')
      .set({ door })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .execute()
  },

  async told(tx, id, seq) {
    await tables(tx)
      .updateTable('sessions_sessions')
      .set({ told: true, players_seq: sql`greatest(players_seq, ${seq})` })
      .where('id', '=', id)
      .execute()
  },

  async choose(tx, id, chosen) {
    await tables(tx)
      .updateTable('sessions_sessions')
      .set({ chosen: json(chosen) })
      .where('id', '=', id)
      .where('chosen', 'is', null)
      .execute()
  },

  async keepLate(tx, id, report, max) {
    await sql`
      insert into sessions_late_reports (session, kind, body, at)
      select ${id}, ${report.kind}, ${json(report.body)}::jsonb, ${report.at}
      where (select count(*) from sessions_late_reports where session = ${id}) < ${max}`.execute(tables(tx))
  },

  async removeEnded(tx, before, limit) {
    const removed = await tables(tx)
      .deleteFrom('sessions_sessions')
      .where('id', 'in', (query) =>
        query
          .selectFrom('sessions_sessions')
          .select('id')
          .where('ended_at', '<', before)
          .orderBy('ended_at')
          .limit(limit)
          .forUpdate()
          .skipLocked(),
      )
      .executeTakeFirst()
    return Number(removed.numDeletedRows)
  },
})

const seatsOf = (tx: Tx, ids: readonly SessionId[]) =>
  tables(tx)
    .selectFrom('sessions_seats')
    .selectAll()
    .where('session', 'in', [...ids])
    .orderBy('session')
    .orderBy('position')

async function lockAll(tx: Tx, ids: readonly SessionId[]): Promise<KeptSession[]> {
  if (ids.length === 0) return []
  const rows = await tables(tx)
    .selectFrom('sessions_sessions')
    .selectAll()
    .where('id', 'in', [...ids])
    .orderBy('id')
    .forUpdate()
    .execute()
  const found = rows.map(({ id }) => id)
  return found.length === 0 ? [] : seated(rows, await seatsOf(tx, found).forUpdate().execute())
}

function seated(rows: readonly SessionRow[], seats: readonly SeatRow[]): KeptSession[] {
  const bySession = new Map<SessionId, Seat[]>(rows.map(({ id }) => [id, []]))
  for (const seat of seats) bySession.get(seat.session)?.push(seatOf(seat))
  return rows.map((row) => sessionOf(row, bySession.get(row.id) ?? []))
}
