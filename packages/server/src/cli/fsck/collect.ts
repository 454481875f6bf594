import { addAllocation, addEntry, addSeat, emptyView, type View } from '../../laws/index.ts'
import { fleetAudit } from '../../modules/fleet/index.ts'
import { matchmakingAudit } from '../../modules/matchmaking/index.ts'
import { presenceAudit } from '../../modules/presence/index.ts'
import { sessionsAudit } from '../../modules/sessions/index.ts'
import type { Tx } from '../../platform/db.ts'
import { inPages, inSlices } from '../../platform/pages.ts'

type Read<Row> = (tx: Tx, after: string, max: number) => Promise<Row[]>
type ReadOf<Row> = (tx: Tx, ids: readonly string[]) => Promise<Row[]>

/** Everything that is live, from all modules, and whatever ended thing is named by it. */
export async function collectView(tx: Tx, saw: (what: string, count: number) => void): Promise<View> {
  const view = emptyView()

  async function all<Row>(what: string, read: Read<Row>, keyOf: (row: Row) => string, add: (row: Row) => void) {
    saw(what, 0)
    for await (const rows of inPages((after, max) => read(tx, after, max), keyOf)) {
      for (const row of rows) add(row)
      saw(what, rows.length)
    }
  }
  async function named<Row>(
    ids: Iterable<string>,
    known: ReadonlyMap<string, unknown>,
    read: ReadOf<Row>,
    add: (row: Row) => void,
  ) {
    const unknown = [...new Set(ids)].filter((id) => !known.has(id))
    for await (const rows of inSlices(unknown, (some) => read(tx, some))) for (const row of rows) add(row)
  }

  const { places, entries, matches, sessions, servers, allocations } = view
  await all(
    'places',
    presenceAudit.places,
    (row) => row.player,
    (row) => places.set(row.player, row),
  )
  await all(
    'entries',
    matchmakingAudit.entries,
    (row) => row.id,
    (row) => addEntry(view, row),
  )
  await all(
    'matches',
    matchmakingAudit.matches,
    (row) => row.id,
    (row) => matches.set(row.id, row),
  )
  await all(
    'sessions',
    sessionsAudit.sessions,
    (row) => row.id,
    (row) => sessions.set(row.id, row),
  )
  await all(
    'servers',
    fleetAudit.servers,
    (row) => row.id,
    (row) => servers.set(row.id, row),
  )
  await all(
    'claims',
    fleetAudit.allocations,
    (row) => row.session,
    (row) => addAllocation(view, row),
  )

  const placesOf = (kind: string) => [...places.values()].filter((one) => one.kind === kind).map(({ place }) => place)
  const idsOf = (ids: Iterable<string | null>) => [...ids].filter((id) => id !== null)
  await named(placesOf('entry'), entries, matchmakingAudit.entriesOf, (row) => addEntry(view, row))
  await named(
    [
      ...idsOf([...entries.values()].map((entry) => entry.match_id)),
      ...idsOf([...sessions.values()].map((session) => session.match)),
    ],
    matches,
    matchmakingAudit.matchesOf,
    (row) => matches.set(row.id, row),
  )
  const livePlays = [...sessions.keys()]
  await named(
    [
      ...placesOf('session'),
      ...allocations.keys(),
      ...idsOf([...matches.values()].filter(({ state }) => state === 'confirmed').map((match) => match.session_id)),
    ],
    sessions,
    sessionsAudit.sessionsOf,
    (row) => sessions.set(row.id, row),
  )
  await named(livePlays, allocations, fleetAudit.allocationsOf, (row) => addAllocation(view, row))
  saw('seats', 0)
  for await (const rows of inSlices(livePlays, (some) => sessionsAudit.seatsOf(tx, some))) {
    for (const row of rows) addSeat(view, row)
    saw('seats', rows.length)
  }
  return view
}
