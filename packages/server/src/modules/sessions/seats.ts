/**
 * A player's seat in a session, pure. A seat stays for the whole session, whoever sits on it:
 *
 *   expected ──came──► joined ──went──► left ──came──► joined …
 *       └──loading ended──► absent ──came──► joined
 *
 * A seat holds one slot of the server from the allocation on. It keeps it while its player is there, and while a ticket
 * that could bring the player in is out; `slotEndsAt` says until when it is kept for one who is not there.
 */
import type { PlayerId } from '@muster/protocol'
import type { Attendance } from './domain.ts'
import type { Place } from './needs.ts'

export type SeatState = 'expected' | 'joined' | 'left' | 'absent'
export type SeatRole = 'host' | 'player' | 'spectator'

export interface Seat {
  player: PlayerId
  nick: string
  guest: boolean
  team: number
  role: SeatRole
  state: SeatState
  /** Where the player goes back to if the session is cancelled. */
  origin: Place | null
  /** Holds one of the server's slots. */
  slot: boolean
  /** When the slot is given back; null while it is held without an end. */
  slotEndsAt: number | null
  /** When the last ticket that was given out ends. */
  ticketEndsAt: number | null
  /** First seen on the server; null for who never came. */
  joinedAt: number | null
  /** Gave up the own place: free to play elsewhere, while the seat still counts in the result. */
  gaveUpAt: number | null
  /** The account was erased while the session ran; the seat is made nameless when it ends. */
  erased: boolean
}

/** What may change of a seat. */
export type SeatChange = Pick<Seat, 'player'> &
  Pick<Seat, 'state' | 'slot' | 'slotEndsAt' | 'ticketEndsAt' | 'joinedAt' | 'gaveUpAt' | 'erased'>

export interface Graces {
  /** How long a slot waits for a player whose line dropped. */
  leaveGraceMs: number
  /** How far a game server's clock may be behind when it judges whether a ticket has ended. */
  clockSlackMs: number
}

/** Nobody can come in by a ticket that was given out after this. */
const ticketsEndAt = (seat: Seat, graces: Graces): number =>
  seat.ticketEndsAt === null ? 0 : seat.ticketEndsAt + graces.clockSlackMs

const keptUntil = (seat: Seat, at: number, graces: Graces): number | null =>
  seat.slot ? Math.max(at, ticketsEndAt(seat, graces)) : null

export const came = (seat: Seat, now: number): Seat => ({
  ...seat,
  state: 'joined',
  joinedAt: seat.joinedAt ?? now,
  slotEndsAt: null,
})

/** Whoever is said to have gone had come, even if that news was lost. */
export const went = (seat: Seat, now: number, graces: Graces): Seat =>
  seat.state === 'left'
    ? seat
    : {
        ...seat,
        state: 'left',
        joinedAt: seat.joinedAt ?? now,
        slotEndsAt: keptUntil(seat, now + (seat.gaveUpAt === null ? graces.leaveGraceMs : 0), graces),
      }

/** Who gives up while on the server keeps the slot until the server says that the player has gone. */
export function gaveUp(seat: Seat, now: number, graces: Graces): Seat {
  if (seat.gaveUpAt !== null) return seat
  if (seat.state === 'joined') return { ...seat, gaveUpAt: now }
  return { ...seat, gaveUpAt: now, state: 'left', slotEndsAt: keptUntil(seat, now, graces) }
}

/** Comes to a game of friends, for the first time or after all: before it begins anybody may change their mind. */
export const invited = (seat: Seat, slot: boolean): Seat => ({
  ...seat,
  ...{ state: 'expected', slot, slotEndsAt: null, gaveUpAt: null },
})

/** Loading has ended without this player. */
export const missed = (seat: Seat, now: number, graces: Graces): Seat =>
  seat.state === 'expected' ? { ...seat, state: 'absent', slotEndsAt: keptUntil(seat, now, graces) } : seat

export const withoutSlot = (seat: Seat): Seat => ({ ...seat, slot: false, slotEndsAt: null })

export const slotIsDue = (seat: Seat, now: number): boolean =>
  seat.slot && seat.slotEndsAt !== null && seat.slotEndsAt <= now

export const attendanceOf = (seats: readonly Seat[]): Attendance => ({
  seats: seats.length,
  present: seats.filter((seat) => seat.state === 'joined' && seat.gaveUpAt === null).length,
  gaveUp: seats.filter((seat) => seat.gaveUpAt !== null).length,
  hosted: seats.some((seat) => seat.role === 'host' && seat.joinedAt !== null && seat.gaveUpAt === null),
})

/** What others are shown: who gave up has left, even while the server still sees the connection. */
export const shownState = (seat: Seat): SeatState => (seat.gaveUpAt === null ? seat.state : 'left')
