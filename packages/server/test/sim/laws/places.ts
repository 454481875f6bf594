import type { PlayerId } from '@muster/protocol'
import type { Commit } from '../../../src/platform/memory-db/index.ts'
import type { EntryRow, Mirror, PlaceRow, SeatRow, SessionRow } from './mirror.ts'

/** Law 1: where a player is, according to everything that says so. */
export function checkPlaces(mirror: Mirror, { changes }: Commit, broken: (what: string) => void): void {
  for (const player of touched(mirror, changes))
    for (const what of contradictions(mirror, player)) broken(`[1] ${what}`)
}

function touched(mirror: Mirror, changes: Commit['changes']): Set<PlayerId> {
  const players = new Set<PlayerId>()
  for (const { table, before, after } of changes) {
    const row = after ?? before
    if (table === 'presence_places') players.add((row as PlaceRow).player)
    else if (table === 'matchmaking_entries') for (const player of (row as EntryRow).players) players.add(player)
    else if (table === 'sessions_seats') players.add((row as SeatRow).seat.player)
    else if (table === 'sessions_sessions') {
      for (const player of mirror.seats.get((row as SessionRow).kept.id)?.keys() ?? []) players.add(player)
    }
  }
  return players
}

function* contradictions(mirror: Mirror, player: PlayerId): Iterable<string> {
  const place = mirror.places.get(player)?.place
  const where = textOf(place)
  const waiting = [...(mirror.open.get(player)?.values() ?? [])].filter(({ state }) => state !== 'confirmed')
  if (waiting.length > 1) yield `${player} waits in ${waiting.map(({ id }) => id).join(' and ')}`
  for (const { id, state } of waiting) {
    if (place?.kind !== 'entry' || place.id !== id) yield `${player} is ${where}, and ${state} in ${id}`
  }
  if (place?.kind === 'entry') {
    const entry = mirror.entries.get(place.id)
    if (entry === undefined || entry.state === 'closed')
      yield `${player} is ${where}, which is ${entry?.state ?? 'gone'}`
  }
  if (place?.kind !== 'session') return
  const session = mirror.sessions.get(place.id)
  const seat = mirror.seats.get(place.id)?.get(player)
  if (session === undefined || session.endedAt !== null)
    yield `${player} is ${where}, which is ${session?.state ?? 'gone'}`
  else if (seat === undefined || seat.gaveUpAt !== null) yield `${player} is ${where} without a seat`
}

const textOf = (place: PlaceRow['place'] | undefined) =>
  place === undefined ? 'nowhere' : `at ${place.kind} ${place.id}`

/** The other way round: everybody who sits in a live session is there. */
export function checkSeated(mirror: Mirror, { changes }: Commit, broken: (what: string) => void): void {
  const sessions = new Set<string>()
  for (const { table, before, after } of changes) {
    const row = after ?? before
    if (table === 'sessions_sessions') sessions.add((row as SessionRow).kept.id)
    if (table === 'sessions_seats') sessions.add((row as SeatRow).session)
    if (table === 'presence_places' && (before as PlaceRow | null)?.place.kind === 'session') {
      sessions.add((before as PlaceRow).place.id)
    }
  }
  for (const id of sessions) {
    if (mirror.sessions.get(id)?.endedAt !== null) continue
    for (const { player, gaveUpAt } of mirror.seats.get(id)?.values() ?? []) {
      const place = mirror.places.get(player)?.place
      if (gaveUpAt === null && (place?.kind !== 'session' || place.id !== id)) {
        broken(`[1] ${player} sits in ${id}, and is ${textOf(place)}`)
      }
    }
  }
}
