import type { SessionRow } from '../modules/sessions/index.ts'
import type { Broken, Patience } from './law.ts'
import type { View } from './view.ts'

const ended: readonly string[] = ['completed', 'abandoned', 'cancelled']

/** Laws 3, 4, 6 and 16: a session is live or has ended, not both; while it lives it has an end in sight, and a server
 *  from the moment when one was found. */
export function checkSession(view: View, session: SessionRow, patience: Patience, broken: Broken): void {
  const { id, state, match, deadline_at, ended_at, server } = session
  if (ended.includes(state) !== (ended_at !== null)) {
    broken(4, `${id} is ${state}, and ${ended_at === null ? 'never ended' : 'has ended'}`)
  }
  if (ended_at !== null) {
    const held = [...(view.seats.get(id)?.values() ?? [])].filter(({ slot }) => slot).length
    if (held > 0) broken(16, `${id} has ended, and its seats hold ${held} slots`)
    return
  }
  if (deadline_at === null) broken(4, `${id} may stay ${state} for ever`)
  else if (patience.isOverdue(deadline_at)) broken(4, `${id} is ${state} still, after its time`)
  const matched = match === null ? undefined : view.matches.get(match)
  if (matched !== undefined && (matched.state !== 'confirmed' || matched.session_id !== id)) {
    broken(3, `${id} plays ${match}, which is ${matched.state} in ${matched.session_id ?? 'no session'}`)
  }
  if (state !== 'requested') checkServed(view, id, server, patience, broken)
  checkSeats(view, id, patience, broken)
}

function checkServed(view: View, id: string, server: string | null, patience: Patience, broken: Broken): void {
  if (server === null) {
    broken(4, `${id} is ${view.sessions.get(id)?.state} without a server`)
    return
  }
  const claim = view.allocations.get(id)
  // A claim that ended with its server is still to be learned of by its session.
  if (claim === undefined) broken(4, `${id} is on ${server}, and claims nothing of it`)
  else if (claim.ended_at !== null && patience.isOverdue(claim.ended_at)) {
    broken(4, `${id} is open still, and its server ${server} has been lost`)
  }
}

function checkSeats(view: View, id: string, patience: Patience, broken: Broken): void {
  for (const { player, slot, slot_ends_at, ticket_ends_at } of view.seats.get(id)?.values() ?? []) {
    if (!slot && ticket_ends_at !== null && ticket_ends_at > patience.now) {
      broken(6, `a ticket of ${player} for ${id} is out, and no slot is held for it`)
    }
    if (slot && slot_ends_at !== null && patience.isOverdue(slot_ends_at)) {
      broken(16, `a slot of ${id} is held still for ${player}, who can come no more`)
    }
  }
}
