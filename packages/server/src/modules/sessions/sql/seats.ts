import { sql } from 'kysely'
import type { SessionStore, StampedTicket } from '../store.ts'
import { seatRow, tables } from './tables.ts'

type Seating = Pick<SessionStore, 'addSeat' | 'changeSeats' | 'stampTickets' | 'forget'>

export const seating: Seating = {
  async addSeat(tx, id, seat) {
    const { seats } = await tables(tx)
      .selectFrom('sessions_seats')
      .select(({ fn }) => fn.countAll<number>().as('seats'))
      .where('session', '=', id)
      .executeTakeFirstOrThrow()
    await tables(tx)
      .insertInto('sessions_seats')
      .values(seatRow(id, seat, seats))
      .execute()
  },

  async changeSeats(tx, id, changes) {
    if (changes.length === 0) return
    const rows = changes.map((seat) => ({
      player: seat.player,
      state: seat.state,
      slot: seat.slot,
      slot_ends_at: seat.slotEndsAt,
      ticket_ends_at: seat.ticketEndsAt,
      joined_at: seat.joinedAt,
      gave_up_at: seat.gaveUpAt,
      erased: seat.erased,
    }))
    await sql`
      update sessions_seats as seat
      set state = new.state, slot = new.slot, slot_ends_at = new.slot_ends_at, ticket_ends_at = new.ticket_ends_at,
          joined_at = new.joined_at, gave_up_at = new.gave_up_at, erased = new.erased
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new (
        player text, state text, slot boolean, slot_ends_at bigint, ticket_ends_at bigint,
        joined_at bigint, gave_up_at bigint, erased boolean)
      where seat.session = ${id} and seat.player = new.player`.execute(tables(tx))
  },

  async stampTickets(tx, { seats, now, clockSlackMs }) {
    // A ticket ends on a whole second, for its claim counts in seconds. A session that ends at this moment takes its
    // seats' slots away, so the guard on the seat is enough. A locked seat is passed over, so that one session which is
    // busy does not hold up the tickets of all others.
    const { rows } = await sql<StampedTicket>`
      with held as (
        select seat.session, seat.player from sessions_seats as seat
        join jsonb_to_recordset(${JSON.stringify(seats)}::jsonb) as asked (session text, player text)
          on asked.session = seat.session and asked.player = seat.player
        where seat.slot and seat.gave_up_at is null
        for update of seat skip locked)
      update sessions_seats as seat
      set ticket_ends_at = greatest(seat.ticket_ends_at, play.ends_at),
          slot_ends_at = case when seat.slot_ends_at is null then null
                              else greatest(seat.slot_ends_at, play.ends_at + ${clockSlackMs}::bigint) end
      from held join (
        select id, server, instance, host, port, mode, (${now}::bigint + ticket_life_ms) / 1000 * 1000 as ends_at
        from sessions_sessions
        where state in ('loading', 'in_progress') and server is not null and port is not null
      ) as play on play.id = held.session
      where seat.session = held.session and seat.player = held.player and seat.slot and seat.gave_up_at is null
      returning seat.session, seat.player, play.server, play.instance, play.host, play.port, play.mode,
        seat.nick, seat.guest, seat.team, seat.role, play.ends_at as "endsAt"`.execute(tables(tx))
    return rows
  },

  async forget(tx, id, player) {
    const seat = await tables(tx)
      .updateTable('sessions_seats')
      .set({
        player: sql`'player_erased' || position`,
        nick: 'erased',
        origin_kind: null,
        origin_id: null,
        erased: true,
      })
      .where('session', '=', id)
      .where('player', '=', player)
      .returning('player')
      .executeTakeFirst()
    if (seat === undefined) return
    // What the server wrote in words of its own may name the player as well.
    await sql`
      update sessions_sessions
      set detail = replace(detail, ${player}, ${seat.player}),
          settings = replace(settings::text, ${player}, ${seat.player})::jsonb,
          chosen = replace(chosen::text, ${player}, ${seat.player})::jsonb
      where id = ${id}`.execute(tables(tx))
    await sql`
      update sessions_late_reports
      set body = replace(body::text, ${player}, ${seat.player})::jsonb
      where session = ${id}`.execute(tables(tx))
  },
}
