/**
 * Entries and matches, pure.
 *
 *   entry:  searching ─► matched ─► confirmed ─► closed
 *               ▲           │           │
 *               └───────────┴───────────┘ the match fell through: whoever is not to blame returns to the front
 *
 *   match:  offered ─► confirmed ─► completed, abandoned
 *              └───────────┴──────► cancelled
 *
 * A match that needs no accepting is confirmed from the start. `told` is set, for all its players at once, when its
 * session can be entered.
 */
import type { EntryId, MatchId, PlayerId, SessionId } from '@muster/protocol'

export type EntryState = 'searching' | 'matched' | 'confirmed' | 'closed'
export type MatchState = 'offered' | 'confirmed' | 'completed' | 'abandoned' | 'cancelled'

/** Why an entry was closed, or came back to its queue. A cancelled session's cause may stand here too. */
export type Reason =
  | 'left'
  | 'declined'
  | 'no_answer'
  | 'no_show'
  | 'idle'
  | 'queue_closed'
  | 'erased'
  | 'completed'
  | 'abandoned'
  | (string & {})

/** What a player said when joining. */
export interface Asks {
  latenciesMs?: Record<string, number>
  attributes?: Record<string, string | number | boolean>
  role?: string
}

/** One who waits: a player or a party. */
export interface Entry {
  id: EntryId
  players: PlayerId[]
  queues: string[]
  /** By queue, in their order. */
  ratings: number[]
  state: EntryState
  reason: Reason | null
  match: MatchId | null
  /** Grows with every change that a player may see. */
  version: number
  waitingSince: number
  /** Came back from a match that fell through. */
  front: boolean
  createdAt: number
  seenAt: number
  asks: Asks | null
}

/** As much of an entry that searches as matching it takes. */
export type Waiter = Pick<Entry, 'id' | 'queues' | 'ratings' | 'version' | 'waitingSince' | 'front' | 'seenAt'> & {
  /** Players in it. */
  size: number
}

export interface Seat {
  player: PlayerId
  nick: string
  guest: boolean
}

/** An entry's players in a match. */
export interface Party {
  entry: EntryId
  players: Seat[]
}

/** Those chosen to play together. */
export interface Match {
  id: MatchId
  queue: string
  mode: string
  board: string | null
  region: string | null
  teams: Party[][]
  state: MatchState
  reason: Reason | null
  session: SessionId | null
  accepted: PlayerId[]
  /** Players who let it fall through. */
  leavers: PlayerId[]
  expiresAt: number | null
  told: boolean
  version: number
  createdAt: number
}

export const partiesOf = ({ teams }: Pick<Match, 'teams'>): Party[] => teams.flat()
/** Each player with the entry that it came by. */
export const membersOf = (parties: readonly Party[]): { player: PlayerId; entry: EntryId }[] =>
  parties.flatMap(({ entry, players }) => players.map(({ player }) => ({ player, entry })))
export const seatsOf = (match: Pick<Match, 'teams'>): Seat[] => partiesOf(match).flatMap(({ players }) => players)
export const playersOf = (match: Pick<Match, 'teams'>): PlayerId[] => seatsOf(match).map(({ player }) => player)

export type Answer = 'accept' | 'decline'
export type Status = 'match_found' | 'match_confirmed' | 'cancelled'

export type Verdict =
  | { kind: 'not_yours' }
  /** The match waits for this answer no longer. */
  | { kind: 'late' }
  /** The same was said before. */
  | { kind: 'again'; status: Status }
  | { kind: 'accept'; all: boolean }
  | { kind: 'decline' }

/** What a player's answer does to a match, whose row is held. */
export function judge(match: Match, player: PlayerId, answer: Answer, now: number): Verdict {
  const players = playersOf(match)
  if (!players.includes(player)) return { kind: 'not_yours' }
  const { state, reason, accepted, leavers, expiresAt } = match
  if (state === 'offered' && (expiresAt === null || now < expiresAt)) {
    if (answer === 'decline') return { kind: 'decline' }
    if (accepted.includes(player)) return { kind: 'again', status: 'match_found' }
    return { kind: 'accept', all: accepted.length + 1 >= players.length }
  }
  if (answer === 'decline') {
    const declined = state === 'cancelled' && reason === 'declined' && leavers.includes(player)
    return declined ? { kind: 'again', status: 'cancelled' } : { kind: 'late' }
  }
  if (state === 'offered' || state === 'cancelled' || !accepted.includes(player)) return { kind: 'late' }
  return { kind: 'again', status: match.told ? 'match_confirmed' : 'match_found' }
}

export const hasRunOut = (match: Match, now: number): boolean =>
  match.state === 'offered' && match.expiresAt !== null && now >= match.expiresAt

/** Those who said nothing. */
export const silentOf = (match: Match): PlayerId[] => playersOf(match).filter((one) => !match.accepted.includes(one))

/** Where one party of a match that fell through goes. */
export interface Fate {
  party: Party
  to: 'searching' | 'closed'
  reason: Reason
}

/** A party stays together: whoever of it is to blame takes the whole of it out of the queue. */
export function fatesOf(match: Pick<Match, 'teams'>, blame: ReadonlyMap<PlayerId, Reason>, otherwise: Reason): Fate[] {
  return partiesOf(match).map((party) => {
    const blamed = party.players.find(({ player }) => blame.has(player))
    return blamed === undefined
      ? { party, to: 'searching', reason: otherwise }
      : { party, to: 'closed', reason: blame.get(blamed.player) ?? otherwise }
  })
}

/** What a cancelled session says of one of its seats. */
export interface SeatNews {
  player: PlayerId
  state: 'expected' | 'joined' | 'left' | 'absent'
  joinedAt: number | null
  gaveUpAt: number | null
}

/** Who is to blame that a session was cancelled: who gave up, and who was waited for in vain while others had come. */
export function blameOf(seats: readonly SeatNews[]): Map<PlayerId, Reason> {
  const somebodyCame = seats.some((seat) => seat.joinedAt !== null)
  const blame = new Map<PlayerId, Reason>()
  for (const seat of seats) {
    if (seat.gaveUpAt !== null) blame.set(seat.player, 'left')
    else if (somebodyCame && seat.state === 'absent') blame.set(seat.player, 'no_show')
  }
  return blame
}

/** The region in which the player who is worst off is best off; null where they have none in common. */
export function regionFor(asks: readonly (Asks | null)[], regions: readonly string[]): string | null {
  let best: { region: string; worstMs: number } | null = null
  for (const region of regions) {
    const latencies = asks.map((one) => one?.latenciesMs?.[region])
    if (latencies.some((one) => one === undefined)) continue
    const worstMs = Math.max(...(latencies as number[]))
    if (best === null || worstMs < best.worstMs) best = { region, worstMs }
  }
  return best?.region ?? null
}
