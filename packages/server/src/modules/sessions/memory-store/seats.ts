import type { PlayerId, SessionId } from '@muster/protocol'
import { foreignKeyViolation, keptJson, memoryOf, uniqueViolation } from '../../../platform/memory-db/index.ts'
import type { SeatChange } from '../seats.ts'
import type { SessionStore, StampedTicket, TicketStamp } from '../store.ts'
import {
  changed,
  copyOf,
  lateIn,
  lateKeysOf,
  type SeatRow,
  type SessionRow,
  seatKey,
  seatsIn,
  seatsOf,
  sessionsIn,
} from './tables.ts'

type Seating = Pick<SessionStore, 'addSeat' | 'changeSeats' | 'stampTickets' | 'forget'>

const keyOf = ({ session, position }: SeatRow) => seatKey(session, position)

export const seating: Seating = {
  async addSeat(tx, id, seat) {
    const sessions = sessionsIn(tx)
    const seats = seatsIn(tx)
    const [session] = await sessions.hold([id])
    if (session === undefined) throw memoryOf(tx).fail(foreignKeyViolation('sessions_seats_session_fkey'))
    if (seatsOf(seats, session).some((row) => row.seat.player === seat.player)) {
      throw memoryOf(tx).fail(uniqueViolation('sessions_seats_pkey'))
    }
    const position = session.seatKeys.length
    await seats.insert({ session: id, position, seat: copyOf(seat) })
    sessions.put({ ...session, seatKeys: [...session.seatKeys, seatKey(id, position)] })
  },

  async changeSeats(tx, id, changes) {
    const session = sessionsIn(tx).get(id)
    if (session === null || changes.length === 0) return
    const seats = seatsIn(tx)
    const wanted = new Map(changes.map((change) => [change.player, change]))
    const keys = seatsOf(seats, session).flatMap((row) => (wanted.has(row.seat.player) ? [keyOf(row)] : []))
    for (const row of await seats.hold(keys)) {
      const change = wanted.get(row.seat.player)
      if (change !== undefined) seats.put({ ...row, seat: { ...row.seat, ...changeOf(change) } })
    }
  },

  async stampTickets(tx, { seats: asked, now, clockSlackMs }) {
    const sessions = sessionsIn(tx)
    const seats = seatsIn(tx)
    const stamped: StampedTicket[] = []
    for (const [id, players] of playersBySession(asked)) {
      const session = sessions.get(id)
      if (session === null) continue
      const keys = seatsOf(seats, session).flatMap((row) => {
        const isStamped = row.seat.slot && row.seat.gaveUpAt === null && players.has(row.seat.player)
        return isStamped ? [keyOf(row)] : []
      })
      // Held as soon as it may be stamped, whatever its session then says.
      const held = seats.holdFree(keys)
      const play = playOf(session)
      if (play === null) continue
      const endsAt = Math.trunc((now + session.ticketLifeMs) / 1_000) * 1_000
      for (const row of held) {
        const { player, nick, guest, team, role, ticketEndsAt, slotEndsAt } = row.seat
        const ends = {
          ticketEndsAt: Math.max(ticketEndsAt ?? endsAt, endsAt),
          slotEndsAt: slotEndsAt === null ? null : Math.max(slotEndsAt, endsAt + clockSlackMs),
        }
        seats.put({ ...row, seat: { ...row.seat, ...ends } })
        stamped.push({ session: id, player, ...play, nick, guest, team, role, endsAt })
      }
    }
    return stamped
  },

  async forget(tx, id, player) {
    const sessions = sessionsIn(tx)
    const seats = seatsIn(tx)
    const late = lateIn(tx)
    const known = sessions.get(id)
    const sought = known && seatsOf(seats, known).find((row) => row.seat.player === player)
    if (!known || !sought) return
    const [row] = await seats.hold([keyOf(sought)])
    if (row?.seat.player !== player) return
    const nobody: PlayerId = `player_erased${row.position}`
    if (nobody !== player && seatsOf(seats, known).some((other) => other.seat.player === nobody)) {
      throw memoryOf(tx).fail(uniqueViolation('sessions_seats_pkey'))
    }
    seats.put({ ...row, seat: { ...row.seat, player: nobody, nick: 'erased', origin: null, erased: true } })
    // What the server wrote in words of its own may name the player as well.
    const without = <T>(value: T): T =>
      value === null ? value : keptJson(JSON.parse(JSON.stringify(value).replaceAll(player, nobody)) as T)
    for (const session of await sessions.hold([id])) {
      const { detail, settings, chosen } = session.kept
      const over = { detail: without(detail), settings: without(settings), chosen: without(chosen) }
      sessions.put(changed(session, over))
    }
    for (const { report, ...rest } of await late.hold(lateKeysOf(late, id))) {
      late.put({ ...rest, report: { ...report, body: without(report.body) } })
    }
  },
}

const changeOf = ({ state, slot, slotEndsAt, ticketEndsAt, joinedAt, gaveUpAt, erased }: SeatChange) => ({
  ...{ state, slot, slotEndsAt, ticketEndsAt, joinedAt, gaveUpAt, erased },
})

function playersBySession(seats: TicketStamp['seats']): Map<SessionId, Set<PlayerId>> {
  const found = new Map<SessionId, Set<PlayerId>>()
  for (const { session, player } of seats) {
    const players = found.get(session) ?? new Set()
    found.set(session, players.add(player))
  }
  return found
}

type Play = Pick<StampedTicket, 'server' | 'instance' | 'host' | 'port' | 'mode'>

/** Where one comes in, of a session that is open to its players. */
function playOf({ kept }: SessionRow): Play | null {
  const { state, server, instance, host, port, mode } = kept
  if (state !== 'loading' && state !== 'in_progress') return null
  if (server === null || port === null) return null
  return { server, instance, host, port, mode } as Play
}
