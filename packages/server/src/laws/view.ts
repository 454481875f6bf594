import type { PlayerId } from '@muster/protocol'
import type { AllocationRow, ServerRow } from '../modules/fleet/index.ts'
import type { EntryRow, MatchRow } from '../modules/matchmaking/index.ts'
import type { PlaceRow } from '../modules/presence/index.ts'
import type { SeatRow, SessionRow } from '../modules/sessions/index.ts'

/** Committed rows of one moment by their keys: all that are live, and the ended ones that a live one names. */
export interface View {
  places: Map<PlayerId, PlaceRow>
  entries: Map<string, EntryRow>
  matches: Map<string, MatchRow>
  sessions: Map<string, SessionRow>
  /** By session, then by player. */
  seats: Map<string, Map<PlayerId, SeatRow>>
  servers: Map<string, ServerRow>
  allocations: Map<string, AllocationRow>
  /** Entries that are not closed, by player. */
  open: Map<PlayerId, Map<string, EntryRow>>
  /** Allocations that have not ended, by server. */
  held: Map<string, Map<string, AllocationRow>>
}

export const emptyView = (): View => ({
  ...{ places: new Map(), entries: new Map(), matches: new Map(), sessions: new Map(), seats: new Map() },
  ...{ servers: new Map(), allocations: new Map(), open: new Map(), held: new Map() },
})

export function addEntry(view: View, entry: EntryRow): void {
  view.entries.set(entry.id, entry)
  if (entry.state !== 'closed') for (const player of entry.players) under(view.open, player).set(entry.id, entry)
}

export const addSeat = (view: View, seat: SeatRow): void => {
  under(view.seats, seat.session).set(seat.player, seat)
}

export function addAllocation(view: View, allocation: AllocationRow): void {
  view.allocations.set(allocation.session, allocation)
  if (allocation.ended_at === null) under(view.held, allocation.server).set(allocation.session, allocation)
}

function under<Outer, Inner, Row>(rows: Map<Outer, Map<Inner, Row>>, key: Outer): Map<Inner, Row> {
  const known = rows.get(key) ?? new Map<Inner, Row>()
  rows.set(key, known)
  return known
}
