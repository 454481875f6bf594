import type { SessionId } from '@muster/protocol'
import { sqlSessionStore } from '../../src/modules/sessions/sql/store.ts'
import type { Db } from '../../src/platform/db.ts'
import type { SessionsGround } from './sessions-ground.ts'

const store = sqlSessionStore()

/** What does not hold of all sessions that are kept, their servers and their players. Only while nothing is under way. */
export async function lawsBroken({ db, fleet, places }: SessionsGround): Promise<string[]> {
  const broken: string[] = []
  const reserved = new Map<string, number>()

  for (const [id, allocation] of fleet.allocations) {
    if (allocation.ended) continue
    const known = reserved.get(allocation.server.id) ?? 0
    reserved.set(allocation.server.id, known + allocation.slots)
    const [session] = await db.once((tx) => store.read(tx, [id]))
    if (session === undefined) broken.push(`${id} holds a server and is not kept`)
  }
  for (const server of fleet.servers.values()) {
    if (server.reserved > server.capacity) broken.push(`[7] ${server.id} holds more than its capacity`)
    if (server.reserved !== (reserved.get(server.id) ?? 0)) broken.push(`[7] ${server.id} has miscounted`)
  }

  const all = new Set([...fleet.allocations.keys(), ...(await liveOnes(db))])
  for (const session of await db.once((tx) => store.read(tx, [...all]))) {
    const { id, state, endedAt, deadlineAt, seats } = session
    const allocation = fleet.allocations.get(id)
    const slots = seats.filter(({ slot }) => slot).length
    if (endedAt === null) {
      if (deadlineAt === null) broken.push(`[4] ${id} may stay open for ever`)
      if (state === 'requested' && allocation !== undefined) broken.push(`${id} has a server it knows nothing of`)
      if (state !== 'requested' && allocation?.slots !== slots) broken.push(`[7] ${id} ${state} counts ${slots} slots`)
    } else {
      if (slots > 0) broken.push(`[16] ${id} has ended and holds slots`)
      if (allocation !== undefined && !allocation.ended) broken.push(`[16] ${id} has ended and holds a server`)
    }
    for (const { player, gaveUpAt } of seats) {
      const isHere = places.of(player) === `session ${id}`
      const belongsHere = endedAt === null && gaveUpAt === null
      if (isHere !== belongsHere) broken.push(`[1] ${player} is at ${places.of(player)}, ${id} is ${state}`)
    }
  }
  return broken
}

async function liveOnes(db: Db): Promise<SessionId[]> {
  const opening = await db.once((tx) => store.opening(tx, 10_000))
  const served = await db.once((tx) => store.served(tx, null, 10_000))
  return [...opening, ...served].map(({ id }) => id)
}
