import type { AllocationRow, ServerRow } from '../modules/fleet/index.ts'
import type { Broken, Patience } from './law.ts'
import type { View } from './view.ts'

/** Law 7: a server's count is right and within its capacity, and what is offered of it is what is free. */
export function checkServer(view: View, server: ServerRow, broken: Broken): void {
  const { id, state, capacity, reserved, sessions, free_min, free_max } = server
  const claims = [...(view.held.get(id)?.values() ?? [])]
  if (state === 'gone') {
    if (reserved !== 0 || sessions !== 0) broken(16, `${id} is gone, and counts ${reserved} slots`)
    return
  }
  const slots = claims.reduce((sum, claim) => sum + claim.slots, 0)
  if (reserved > capacity) broken(7, `${id} holds ${reserved} slots, of ${capacity}`)
  if (reserved !== slots) broken(7, `${id} counts ${reserved} slots, and its sessions claim ${slots}`)
  if (sessions !== claims.length) broken(7, `${id} counts ${sessions} sessions, of ${claims.length}`)
  for (const free of new Set([free_min, free_max])) {
    if (free !== null && free !== capacity - reserved) {
      broken(7, `${id} is offered with ${free} free slots, of ${capacity - reserved}`)
    }
  }
}

/** Law 16: a server that lives is heard of. */
export function checkHeard(server: ServerRow, ttlMs: number, patience: Patience, broken: Broken): void {
  const { id, state, last_beat_at } = server
  if (state === 'gone') {
    if (last_beat_at !== null) broken(16, `${id} is gone, and counts as living`)
  } else if (last_beat_at === null) broken(16, `${id} is ${state}, and nobody would notice if it fell silent`)
  else if (patience.isOverdue(last_beat_at + ttlMs)) broken(16, `${id} is ${state} still, and has fallen silent`)
}

/** Laws 7 and 16: a claim is a live session's, on a run of a server that lives, for as many slots as its seats hold. */
export function checkClaim(view: View, claim: AllocationRow, broken: Broken): void {
  if (claim.ended_at !== null) return
  const { session: id, server, instance, slots } = claim
  const host = view.servers.get(server)
  if (host === undefined || host.state === 'gone') broken(16, `${id} claims ${server}, which is gone`)
  else if (host.instance !== instance) broken(16, `${id} claims an earlier run of ${server}`)
  const session = view.sessions.get(id)
  if (session === undefined || session.ended_at !== null) {
    broken(16, `${id} is ${session?.state ?? 'not there'}, and claims ${slots} slots of ${server}`)
    return
  }
  const seats = [...(view.seats.get(id)?.values() ?? [])].filter(({ slot }) => slot).length
  if (slots !== seats) broken(7, `${id} claims ${slots} slots, and its seats hold ${seats}`)
}
