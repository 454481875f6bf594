import type { MatchId, PlayerId } from '@muster/protocol'
import { type Entry, type Match, playersOf, regionFor, type Seat } from './domain.ts'
import type { Match as FoundMatch } from './engine/index.ts'
import type { OpenRequest } from './needs.ts'
import type { Queue } from './queues.ts'

type People = ReadonlyMap<PlayerId, { nick: string; guest: boolean }>

/** A match as it will be written, from what the engine found. Null unless all its entries still search. */
export function draftOf(
  found: FoundMatch,
  ground: { id: MatchId; queue: Queue; entries: ReadonlyMap<string, Entry>; people: People; now: number },
): Match | null {
  const { id, queue, entries, people, now } = ground
  const rows = found.teams.flat().map((entry) => entries.get(entry))
  if (rows.some((row) => row?.state !== 'searching')) return null
  const seatOf = (player: PlayerId): Seat => {
    const person = people.get(player)
    return { player, nick: person?.nick ?? player, guest: person?.guest ?? false }
  }
  const teams = found.teams.map((team) =>
    team.map((entry) => {
      const row = entries.get(entry) as Entry
      return { entry: row.id, players: row.players.map(seatOf) }
    }),
  )
  const asks = rows.map((row) => row?.asks ?? null)
  const match: Match = {
    ...{ id, queue: queue.name, mode: queue.mode, board: queue.board, region: regionFor(asks, queue.regions), teams },
    ...{ state: 'offered', reason: null, session: null, accepted: [], leavers: [], told: false },
    ...{ version: 1, createdAt: now, expiresAt: now + queue.acceptTimeoutS * 1_000 },
  }
  return queue.needsAccepting ? match : { ...match, state: 'confirmed', accepted: playersOf(match), expiresAt: null }
}

/** What is asked of the session of a match. */
export const openRequestOf = (match: Match): OpenRequest => ({
  ...{ match: match.id, kind: 'match', mode: match.mode, region: match.region, board: match.board },
  players: match.teams.flatMap((parties, team) =>
    parties.flatMap(({ entry, players }) =>
      players.map((seat) => ({ ...seat, team, origin: { kind: 'entry' as const, id: entry } })),
    ),
  ),
})
