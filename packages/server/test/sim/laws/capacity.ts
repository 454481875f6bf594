import type { Commit } from '../../../src/platform/memory-db/index.ts'
import type { KeptAllocation, KeptServer, Mirror, SeatRow, SessionRow } from './mirror.ts'

/** Law 7: a server's count is right and within its capacity, and each session claims as many slots as its seats hold. */
export function checkCapacity(mirror: Mirror, { changes }: Commit, broken: (what: string) => void): void {
  const servers = new Set<string>()
  const sessions = new Set<string>()
  for (const { table, before, after } of changes) {
    const row = after ?? before
    if (table === 'fleet_servers') servers.add((row as KeptServer).id)
    else if (table === 'fleet_allocations') {
      servers.add((row as KeptAllocation).server)
      sessions.add((row as KeptAllocation).session)
    } else if (table === 'sessions_sessions') sessions.add((row as SessionRow).kept.id)
    else if (table === 'sessions_seats') sessions.add((row as SeatRow).session)
  }
  for (const id of servers) checkServer(mirror, id, broken)
  for (const id of sessions) checkSlots(mirror, id, broken)
}

function checkServer(mirror: Mirror, id: string, broken: (what: string) => void): void {
  const server = mirror.servers.get(id)
  const claims = [...(mirror.held.get(id)?.values() ?? [])]
  if (server === undefined || server.state === 'gone') {
    for (const { session } of claims) broken(`[7] ${session} claims ${id}, which is ${server?.state ?? 'forgotten'}`)
    return
  }
  const slots = claims.reduce((sum, claim) => sum + claim.slots, 0)
  if (server.reserved > server.capacity) broken(`[7] ${id} holds ${server.reserved} slots, of ${server.capacity}`)
  if (server.reserved !== slots) broken(`[7] ${id} counts ${server.reserved} slots, and its sessions claim ${slots}`)
  if (server.sessions !== claims.length) broken(`[7] ${id} counts ${server.sessions} sessions, of ${claims.length}`)
  for (const { session, instance } of claims) {
    if (instance !== server.instance) broken(`[7] ${session} claims an earlier run of ${id}`)
  }
}

function checkSlots(mirror: Mirror, id: string, broken: (what: string) => void): void {
  const session = mirror.sessions.get(id)
  const claim = mirror.allocations.get(id)
  const seats = [...(mirror.seats.get(id)?.values() ?? [])].filter(({ slot }) => slot).length
  if (session === undefined || session.endedAt !== null) {
    if (seats > 0) broken(`[16] ${id} has ended, and its seats hold ${seats} slots`)
    if (claim !== undefined && claim.ended_at === null) broken(`[16] ${id} has ended, and claims a server`)
    return
  }
  // A claim that ended with its server is still to be learned of by its session.
  if (claim === undefined || claim.ended_at !== null) return
  if (claim.slots !== seats) broken(`[7] ${id} claims ${claim.slots} slots, and its seats hold ${seats}`)
}
