import type { Tx } from '../../../platform/db.ts'
import { rowsIn } from '../../../platform/memory-db/index.ts'
import { anyMode } from '../domain.ts'
import { beats, type KeptServer, offeredIn, offers, servers } from './tables.ts'

const byName = (one: string, other: string): number => (one < other ? -1 : 1)

/** How many of the fullest servers are compared by load. */
const shortlistMax = 8

/**
 * Chooses and holds the best server among those that an index names, as `fleet_reserve` does: of the first few the one
 * with the least load; else the first that nobody is reserving on at this moment; else it waits for those who are, where
 * it may.
 */
async function choose(
  tx: Tx,
  index: 'mode' | 'region',
  value: string,
  slots: number,
  waits: boolean,
): Promise<KeptServer | null> {
  const directory = rowsIn(tx, servers)
  const heartbeats = rowsIn(tx, beats)
  const standing = (id: string) => {
    const server = directory.get(id)
    if (server === null || server.state !== 'ready' || server.capacity - server.reserved < slots) return null
    return server.sessions_max === null || server.sessions < server.sessions_max ? server : null
  }
  const offered = rowsIn(tx, offers)
    .by(index, value)
    .filter((offer) => offer.free >= slots)
  if (offered.length === 0) return null
  if (offered.length > 1) offered.sort((a, b) => a.free - b.free || byName(a.server, b.server))
  const shortlist: { id: string; free: number; load: number }[] = []
  for (const { server, free } of offered) {
    const beat = heartbeats.get(server)
    if (beat !== null && shortlist.push({ id: server, free, load: beat.load }) === shortlistMax) break
  }
  if (shortlist.length > 1) shortlist.sort((a, b) => a.free - b.free || a.load - b.load || byName(a.id, b.id))
  for (const { id } of shortlist) {
    if (standing(id) !== null && directory.holdFree([id]).length > 0) return directory.get(id)
  }
  const fitting = offered.map((offer) => offer.server).filter((id) => standing(id) !== null)
  for (const id of fitting) if (directory.holdFree([id]).length > 0) return directory.get(id)
  if (!waits) return null
  for (const id of fitting) {
    await directory.hold([id])
    const server = standing(id)
    if (server !== null) return server
  }
  return null
}

/** The wanted region before any other, and in it those made for the mode before those that take whatever comes. */
export async function chooseServer(
  tx: Tx,
  { mode, region, slots }: { mode: string; region: string | null; slots: number },
  waits = true,
): Promise<KeptServer | null> {
  const among = (index: 'mode' | 'region', value: string) => choose(tx, index, value, slots, waits)
  const near =
    region === null
      ? null
      : ((await among('region', offeredIn(mode, region))) ?? (await among('region', offeredIn(anyMode, region))))
  return near ?? (await among('mode', mode)) ?? (await among('mode', anyMode))
}
