import type { ServerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../../platform/db.ts'
import { rowsIn } from '../../../platform/memory-db/index.ts'
import { type Allocation, type Claim, type Ending, endings, type ServerView, shownState } from '../domain.ts'
import type { AllocationStore } from '../store.ts'
import { chooseServer } from './choice.ts'
import { allocations, type KeptAllocation, type KeptServer, kicks, servers } from './tables.ts'
import { add, addOrChange, change, moveRoom } from './writes.ts'

const allocationOf = ({ session, server, instance, host, port, region }: KeptAllocation): Allocation => ({
  ...{ session: session as SessionId, server: server as ServerId, instance, host, port, region },
})

const allocationRow = (
  server: KeptServer,
  { session, mode, slots, brief }: Pick<Claim, 'session' | 'mode' | 'slots' | 'brief'>,
  now: number,
): KeptAllocation => ({
  ...{ session, server: server.id, instance: server.instance, mode, region: server.region, host: server.address },
  ...{ port: server.game_port, slots, brief: JSON.stringify(brief), created_at: now },
  ...{ ready_at: null, ended_at: null, cause: null, detail: null },
})

const knownAllocation = (row: KeptAllocation) =>
  row.ended_at === null ? { allocation: allocationOf(row), fresh: false } : null

const isLive = (row: KeptAllocation) => row.ended_at === null

interface HeldClaim {
  claim: KeptAllocation
  /** Held as well; null where it went, or is another run, or did not fit. */
  server: KeptServer | null
}

/** Holds a session's claim, then its server. As in one statement, a server that did not fit when it began stays out, even
 *  if it fits once the claim is held. */
async function holdClaim(
  tx: Tx,
  session: SessionId,
  fits: (server: KeptServer) => boolean = () => true,
): Promise<HeldClaim | null> {
  const allocated = rowsIn(tx, allocations)
  const directory = rowsIn(tx, servers)
  const seen = allocated.get(session)
  if (seen === null || !isLive(seen)) return null
  const isFit = (row: KeptServer | null | undefined): row is KeptServer =>
    row != null && row.instance === seen.instance && row.state !== 'gone' && fits(row)
  const isFitAtFirst = isFit(directory.get(seen.server))
  const [claim] = await allocated.hold([session])
  if (claim === undefined || !isLive(claim)) return null
  if (!isFitAtFirst) return { claim, server: null }
  const [server] = await directory.hold([claim.server])
  return { claim, server: isFit(server) ? server : null }
}

export const memoryAllocations = (): AllocationStore => ({
  async reserve(tx, { session, mode, region, slots, brief }, now) {
    const rows = rowsIn(tx, allocations)
    const known = rows.get(session)
    if (known !== null) return knownAllocation(known)
    const chosen = await chooseServer(tx, { mode, region, slots })
    if (chosen === null) return null
    const taken = await moveRoom(tx, chosen, { slots, sessions: 1 })
    const row = allocationRow(taken, { session, mode, slots, brief }, now)
    if (await rows.insert(row)) return { allocation: allocationOf(row), fresh: true }
    // The session has had its allocation: it ended, or was made by another transaction just now.
    await moveRoom(tx, taken, { slots: -slots, sessions: -1 })
    const made = rows.get(session)
    return made === null ? null : knownAllocation(made)
  },

  async reserveTogether(tx, { mode, region, slots, sessions }, now) {
    const given: Allocation[] = []
    while (given.length < sessions.length) {
      const chosen = await chooseServer(tx, { mode, region, slots }, false)
      if (chosen === null) break
      const fitting = Math.min(
        sessions.length - given.length,
        Math.trunc((chosen.capacity - chosen.reserved) / slots),
        (chosen.sessions_max ?? Number.POSITIVE_INFINITY) - chosen.sessions,
      )
      const taken = await moveRoom(tx, chosen, { slots: fitting * slots, sessions: fitting })
      for (const { session, brief } of sessions.slice(given.length, given.length + fitting)) {
        const row = allocationRow(taken, { session, mode, slots, brief }, now)
        await add(tx, allocations, row)
        given.push(allocationOf(row))
      }
    }
    return given
  },

  async addSlots(tx, session, count) {
    const held = await holdClaim(tx, session, (row) => row.reserved + count <= row.capacity)
    if (held === null || held.server === null) return false
    const { claim, server } = held
    await moveRoom(tx, server, { slots: count, sessions: 0 })
    rowsIn(tx, allocations).put({ ...claim, slots: claim.slots + count })
    return true
  },

  async freeSlots(tx, session, count) {
    const held = await holdClaim(tx, session)
    if (held === null || held.server === null) return
    const { claim, server } = held
    const given = Math.min(claim.slots, count)
    await moveRoom(tx, server, { slots: -given, sessions: 0 })
    rowsIn(tx, allocations).put({ ...claim, slots: claim.slots - given })
  },

  async confirm(tx, session, port, now) {
    let given = 0
    const [confirmed] = await change(
      rowsIn(tx, allocations),
      [session],
      (row) => isLive(row) && row.ready_at === null,
      (row) => {
        given = row.port
        return { ...row, ready_at: now, port: port ?? row.port }
      },
    )
    if (confirmed === undefined) return null
    const rows = rowsIn(tx, servers)
    await change(
      rows,
      [confirmed.server],
      (row) => row.state === 'starting',
      (row) => ({ ...row, state: 'ready' as const }),
    )
    const server = rows.get(confirmed.server)
    if (server === null) return null
    const { created_at: createdAt, mode } = confirmed
    return { server: server.id as ServerId, launched: server.node !== null, createdAt, mode, given }
  },

  async release(tx, session, why, now) {
    const held = await holdClaim(tx, session)
    if (held === null) return null
    const { claim, server } = held
    rowsIn(tx, allocations).put({ ...claim, ended_at: now, detail: why, brief: 'null' })
    if (server === null) return null
    const launched = server.node !== null
    const idle = launched && server.sessions === 1
    const left: KeptServer = idle ? { ...server, state: 'draining' } : server
    await moveRoom(tx, left, { slots: -claim.slots, sessions: -1 })
    if (!launched) {
      const kick = { server: server.id, session, player: '', reason: why, created_at: now, told_at: null }
      await rowsIn(tx, kicks).insert(kick)
    }
    return { server: server.id as ServerId, launched, idle }
  },

  async kick(tx, session, player, reason, now) {
    const claim = rowsIn(tx, allocations).get(session)
    if (claim === null || !isLive(claim)) return null
    const kick = { server: claim.server, session, player, reason, created_at: now, told_at: null }
    await addOrChange(tx, kicks, kick, () => kick)
    return claim.server as ServerId
  },

  async viewOf(tx, sessions) {
    const rows = rowsIn(tx, allocations)
    const directory = rowsIn(tx, servers)
    const views = new Map<SessionId, ServerView>()
    for (const session of sessions) {
      const row = rows.get(session)
      if (row !== null) views.set(session, viewOf(row, directory.get(row.server)))
    }
    return views
  },
})

function viewOf(row: KeptAllocation, server: KeptServer | null): ServerView {
  const run = server?.instance === row.instance ? server : null
  const cause = row.cause as Ending | null
  return {
    ...{ server: row.server as ServerId, instance: row.instance, ready: row.ready_at !== null },
    ...{ host: row.host, port: row.port, region: row.region, cause },
    state: row.ended_at !== null || run === null ? 'gone' : shownState(run.state, run.sessions),
    failure: cause === null ? null : endings[cause],
  }
}
