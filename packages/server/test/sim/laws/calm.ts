import type { QueueOptions } from '../../../src/modules/matchmaking/index.ts'
import type { Mirror } from './mirror.ts'

/** Law 16: of those who wait for longer than `patienceMs`, there are too few in each queue for a match. */
export function checkServed(
  mirror: Mirror,
  queues: Readonly<Record<string, QueueOptions>>,
  now: number,
  patienceMs: number,
  broken: (what: string) => void,
): void {
  const waiting = [...mirror.entries.values()].filter(
    ({ state, waitingSince }) => state === 'searching' && now - waitingSince > patienceMs,
  )
  for (const [name, { teams, teamSize, playersMin }] of Object.entries(queues)) {
    const here = waiting.filter((entry) => entry.queues.includes(name))
    const players = here.reduce((sum, entry) => sum + entry.players.length, 0)
    if (players >= (playersMin ?? teams * teamSize)) {
      broken(`[16] in ${name} wait ${here.map(({ id, players: [player] }) => `${id} of ${player}`).join(', ')}`)
    }
  }
}

/** Law 16: nobody plays any more, and nothing is held by what is gone. */
export function checkNothingHeld(mirror: Mirror, broken: (what: string) => void): void {
  for (const { player, place } of mirror.places.values()) broken(`[16] ${player} is still at ${place.kind} ${place.id}`)
  for (const { id, state } of mirror.entries.values()) if (state !== 'closed') broken(`[16] ${id} is still ${state}`)
  for (const { id, state } of mirror.matches.values()) {
    if (state === 'offered' || state === 'confirmed') broken(`[16] ${id} is still ${state}`)
  }
  for (const { id, state, endedAt } of mirror.sessions.values()) {
    if (endedAt === null) broken(`[4] ${id} is still ${state}`)
  }
  for (const { session, server, ended_at } of mirror.allocations.values()) {
    if (ended_at === null) broken(`[16] ${session} still claims ${server}`)
  }
  for (const { id, reserved, sessions } of mirror.servers.values()) {
    if (reserved !== 0 || sessions !== 0) broken(`[16] ${id} still counts ${sessions} sessions and ${reserved} slots`)
  }
}
