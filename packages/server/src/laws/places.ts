import type { PlayerId } from '@muster/protocol'
import type { Broken } from './law.ts'
import type { View } from './view.ts'

const whereIs = (view: View, player: PlayerId): string => {
  const place = view.places.get(player)
  return place === undefined ? 'nowhere' : `at ${place.kind} ${place.place}`
}

/** Law 1: where a player is, according to everything that says so. An entry whose session has ended lets its player go
 *  before it is closed itself. */
export function checkPlace(view: View, player: PlayerId, broken: Broken): void {
  const place = view.places.get(player)
  const where = whereIs(view, player)
  const waiting = [...(view.open.get(player)?.values() ?? [])].filter(({ state }) => state !== 'confirmed')
  if (waiting.length > 1) broken(1, `${player} waits in ${waiting.map(({ id }) => id).join(' and ')}`)
  for (const { id, state } of waiting) {
    if (place?.kind !== 'entry' || place.place !== id) broken(1, `${player} is ${where}, and ${state} in ${id}`)
  }
  if (place?.kind === 'entry') checkAtEntry(view, player, place.place, broken)
  if (place?.kind === 'session') checkAtSession(view, player, place.place, broken)
}

function checkAtEntry(view: View, player: PlayerId, id: string, broken: Broken): void {
  const entry = view.entries.get(id)
  const where = whereIs(view, player)
  if (entry === undefined || entry.state === 'closed') {
    broken(16, `${player} is ${where}, which is ${entry?.state ?? 'gone'}`)
  } else if (!entry.players.includes(player)) broken(1, `${player} is ${where}, which is of others`)
}

function checkAtSession(view: View, player: PlayerId, id: string, broken: Broken): void {
  const session = view.sessions.get(id)
  const seat = view.seats.get(id)?.get(player)
  const where = whereIs(view, player)
  if (session === undefined || session.ended_at !== null) {
    broken(16, `${player} is ${where}, which is ${session?.state ?? 'gone'}`)
  } else if (seat === undefined || seat.gave_up_at !== null) broken(1, `${player} is ${where} without a seat`)
}

/** Law 1, the other way round: everybody who sits in a live session is there. */
export function checkSeated(view: View, session: string, broken: Broken): void {
  if (view.sessions.get(session)?.ended_at !== null) return
  for (const { player, gave_up_at } of view.seats.get(session)?.values() ?? []) {
    const place = view.places.get(player)
    if (gave_up_at === null && (place?.kind !== 'session' || place.place !== session)) {
      broken(1, `${player} sits in ${session}, and is ${whereIs(view, player)}`)
    }
  }
}
