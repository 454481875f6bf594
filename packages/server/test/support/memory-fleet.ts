import { createHash } from 'node:crypto'
import type { PlayerId, SessionId } from '@muster/protocol'
import type { Allocation, FleetNeeds, ServerView } from '../../src/modules/sessions/needs.ts'
import { afterCommit, type Tx } from '../../src/platform/db.ts'

export interface MemoryServer {
  id: string
  instance: string
  capacity: number
  reserved: number
  region: string | null
  host: string
  port: number
  launched: boolean
  state: 'starting' | 'ready' | 'gone'
  failure: string | null
  cause: string | null
}

interface MemoryAllocation {
  server: MemoryServer
  slots: number
  ready: boolean
  ended: boolean
  port: number
  brief: unknown
}

export interface MemoryFleetGround {
  wake(sessions: SessionId[]): void
  note(tx: Tx, undo: () => void): void
}

const portBase = 7_000

/** A fleet small enough to keep in mind: capacity is counted, never exceeded; launched servers serve one session. */
export function memoryFleet({ wake, note }: MemoryFleetGround, { processesMax = 0 } = {}) {
  const servers = new Map<string, MemoryServer>()
  const allocations = new Map<SessionId, MemoryAllocation>()
  const kicks: { session: SessionId; player: PlayerId; reason: string }[] = []
  const releases: { session: SessionId; why: string }[] = []
  let count = 0

  const slotsNow = (tx: Tx, allocation: MemoryAllocation, change: number) => {
    const apply = (by: number) => {
      allocation.slots += by
      allocation.server.reserved += by
    }
    apply(change)
    note(tx, () => apply(-change))
  }
  const allocate = (tx: Tx, session: SessionId, server: MemoryServer, slots: number, brief: unknown) => {
    const allocation = { server, slots: 0, ready: false, ended: false, port: server.port, brief }
    allocations.set(session, allocation)
    note(tx, () => allocations.delete(session))
    slotsNow(tx, allocation, slots)
    const { id, instance, host, port, region } = server
    return { session, server: id, instance, host, port, region }
  }
  const runningOf = (session: SessionId) => {
    const found = allocations.get(session)
    return found === undefined || found.ended || found.server.state === 'gone' ? null : found
  }

  const fullest = (region: string | null, slots: number) =>
    [...servers.values()]
      .filter((server) => !server.launched && server.state === 'ready')
      .filter((server) => region === null || server.region === null || server.region === region)
      .filter((server) => server.reserved + slots <= server.capacity)
      .sort((a, b) => b.reserved - a.reserved)[0]

  const fleet: FleetNeeds = {
    async reserve(tx, { session, region, slots, brief }) {
      const server = fullest(region, slots)
      return server === undefined ? null : allocate(tx, session, server, slots, brief)
    },
    async reserveTogether(tx, { region, slots, sessions }) {
      const given: Allocation[] = []
      for (const { session, brief } of sessions) {
        const server = fullest(region, slots)
        if (server === undefined) break
        given.push(allocate(tx, session, server, slots, brief))
      }
      return given
    },
    async launch(tx, { session, region, slots, growsTo, brief }) {
      const running = [...servers.values()].filter((server) => server.launched && server.state !== 'gone')
      if (running.length >= processesMax) return null
      const server = make({ capacity: growsTo?.slots ?? slots, region, launched: true, state: 'starting' })
      servers.set(server.id, server)
      note(tx, () => servers.delete(server.id))
      return allocate(tx, session, server, slots, brief)
    },
    async confirm(tx, session, port) {
      const found = runningOf(session)
      if (found === null) return
      const before = { ready: found.ready, port: found.port, state: found.server.state }
      Object.assign(found, { ready: true, port: port ?? found.port })
      found.server.state = 'ready'
      note(tx, () => {
        Object.assign(found, { ready: before.ready, port: before.port })
        found.server.state = before.state
      })
    },
    async addSlots(tx, session, added) {
      const found = runningOf(session)
      if (found === null || found.server.reserved + added > found.server.capacity) return false
      slotsNow(tx, found, added)
      return true
    },
    async freeSlots(tx, session, freed) {
      const found = runningOf(session)
      if (found !== null) slotsNow(tx, found, -Math.min(freed, found.slots))
    },
    async release(tx, session, why) {
      const found = allocations.get(session)
      if (found === undefined || found.ended) return
      slotsNow(tx, found, -found.slots)
      found.ended = true
      const before = found.server.state
      if (found.server.launched) found.server.state = 'gone'
      note(tx, () => {
        found.ended = false
        found.server.state = before
      })
      afterCommit(tx, () => releases.push({ session, why }))
    },
    async kick(tx, session, player, reason) {
      afterCommit(tx, () => kicks.push({ session, player, reason }))
    },
    async viewOf(sessions) {
      return new Map(
        sessions.flatMap((session) => {
          const found = allocations.get(session)
          return found === undefined ? [] : [[session, viewOf(found)] as const]
        }),
      )
    },
    netcodeKeyOf: (server, instance) => createHash('sha256').update(`netcode ${server} ${instance}`).digest(),
    ticketKeyOf: (server, instance) => createHash('sha256').update(`${server} ${instance}`).digest(),
  }

  const viewOf = ({ server, ready, ended, port }: MemoryAllocation): ServerView => ({
    server: server.id,
    state: ended || server.state === 'gone' ? 'gone' : server.state === 'starting' ? 'starting' : 'allocated',
    ready,
    host: server.host,
    port,
    region: server.region,
    cause: server.cause,
    failure: server.failure,
  })

  function make(over: Partial<MemoryServer>): MemoryServer {
    const number = ++count
    const known = { id: `server-${number}`, instance: `run-${number}`, host: '127.0.0.1', port: portBase + number }
    const quiet = { region: null, failure: null, cause: null }
    return { ...known, ...quiet, capacity: 0, reserved: 0, launched: false, state: 'ready', ...over }
  }

  return {
    fleet,
    servers,
    allocations,
    kicks,
    releases,
    /** A server registers. */
    add(over: Partial<MemoryServer> = {}): MemoryServer {
      const server = make({ capacity: 100, ...over })
      servers.set(server.id, server)
      return server
    },
    /** A line on the server's standard output said that it is ready. */
    printReady(session: SessionId) {
      const found = runningOf(session)
      if (found === null) return
      found.ready = true
      found.server.state = 'ready'
      wake([session])
    },
    /** The server is gone, and with it whatever it ran. */
    lose(id: string, failure = 'The game server ended.', cause = 'exited') {
      const server = servers.get(id)
      if (server === undefined) return
      Object.assign(server, { state: 'gone', failure, cause })
      wake([...allocations].filter(([, one]) => one.server === server).map(([session]) => session))
    },
  }
}

export type MemoryFleet = ReturnType<typeof memoryFleet>
