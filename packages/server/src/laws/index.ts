/**
 * The laws that hold of the tables at any moment, pure: each takes rows of several modules and says what does not hold.
 * What may be under way at that moment (a player let go by a session whose entry is still to be closed, a claim lost
 * with its server that its session is still to learn of) is no violation, unless it stays so.
 */
import { checkClaim, checkHeard, checkServer } from './capacity.ts'
import { checkEntry, checkMatch } from './entries.ts'
import type { Broken, Patience } from './law.ts'
import { checkPlace, checkSeated } from './places.ts'
import { checkSession } from './sessions.ts'
import type { View } from './view.ts'

export { checkClaim, checkHeard, checkServer } from './capacity.ts'
export { checkEntry, checkMatch } from './entries.ts'
export { type Fold, foldOf } from './fold.ts'
export { type Broken, lawsInTables, type Patience, patienceOf } from './law.ts'
export { checkPlace, checkSeated } from './places.ts'
export { checkSession } from './sessions.ts'
export { addAllocation, addEntry, addSeat, emptyView, type View } from './view.ts'

/** Everything that can be said of a whole view. */
export function checkView(view: View, ttlMs: number, patience: Patience, broken: Broken): void {
  for (const player of new Set([...view.places.keys(), ...view.open.keys()])) checkPlace(view, player, broken)
  for (const entry of view.entries.values()) checkEntry(view, entry, broken)
  for (const match of view.matches.values()) checkMatch(view, match, patience, broken)
  for (const session of view.sessions.values()) {
    checkSeated(view, session.id, broken)
    checkSession(view, session, patience, broken)
  }
  for (const server of view.servers.values()) {
    checkServer(view, server, broken)
    checkHeard(server, ttlMs, patience, broken)
  }
  for (const claim of view.allocations.values()) checkClaim(view, claim, broken)
}
