import type { PlayerId, ServerId, SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { Allocation, Claim, GroupClaim, ServerView } from './domain.ts'
import type { Figures } from './figures.ts'
import type { SaidPort } from './said-port.ts'
import type { AllocationStore } from './store.ts'

/** Gives sessions capacity of servers, in the caller's transaction, and takes it back. A session is given one server in
 *  its life: asking again gives the same, and after it has ended, none. */
export interface Allocator {
  /** The fullest registered server that still has room, in the wanted region if there is one. */
  reserve(tx: Tx, claim: Claim): Promise<Allocation | null>
  /** As many of them, first come first, as find room at this moment. None of them may have a server; whoever is not among
   *  those answered may still find one by `reserve`. */
  reserveTogether(tx: Tx, claim: GroupClaim): Promise<Allocation[]>
  /** The server said that it is ready for the session. May be repeated; `port` counts the first time. Throws
   *  `UnusablePort` where players could not get in there. */
  confirm(tx: Tx, session: SessionId, port?: number): Promise<void>
  /** False where the server has no room for more. */
  addSlots(tx: Tx, session: SessionId, count: number): Promise<boolean>
  freeSlots(tx: Tx, session: SessionId, count: number): Promise<void>
  /** The session needs its server no longer. A launched server is stopped, a registered one is told. */
  release(tx: Tx, session: SessionId, why: string): Promise<void>
  /** The server is told to drop a player. */
  kick(tx: Tx, session: SessionId, player: PlayerId, reason: string): Promise<void>
  viewOf(sessions: readonly SessionId[]): Promise<Map<SessionId, ServerView>>
}

export interface AllocatorNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  store: AllocationStore
  figures: Figures
  judgePort(port: SaidPort): void
}

export function createAllocator({ clock, db, wakes, store, figures, judgePort }: AllocatorNeeds): Allocator {
  const tellServer = (tx: Tx, server: ServerId) => afterCommit(tx, () => wakes.wake('server', [server]))

  return {
    async reserve(tx, claim) {
      refuseSlots(claim.slots)
      const reserved = await store.reserve(tx, claim, clock.now())
      if (reserved === null) {
        afterCommit(tx, () => figures.refused('reserved'))
        return null
      }
      if (reserved.fresh) {
        tellServer(tx, reserved.allocation.server)
        afterCommit(tx, () => figures.allocated('reserved'))
      }
      return reserved.allocation
    },
    async reserveTogether(tx, claim) {
      refuseSlots(claim.slots)
      const reserved = await store.reserveTogether(tx, claim, clock.now())
      for (const server of new Set(reserved.map((one) => one.server))) tellServer(tx, server)
      afterCommit(tx, () => {
        for (const _ of reserved) figures.allocated('reserved')
      })
      return reserved
    },
    async confirm(tx, session, port) {
      const now = clock.now()
      const confirmed = await store.confirm(tx, session, port ?? null, now)
      if (confirmed === null || !confirmed.launched) return
      if (port !== undefined) judgePort({ ...confirmed, said: port })
      afterCommit(tx, () => figures.launchReady((now - confirmed.createdAt) / 1_000))
      tellServer(tx, confirmed.server)
    },
    async addSlots(tx, session, count) {
      refuseSlots(count)
      return store.addSlots(tx, session, count)
    },
    async freeSlots(tx, session, count) {
      refuseSlots(count)
      await store.freeSlots(tx, session, count)
    },
    async release(tx, session, why) {
      const released = await store.release(tx, session, why, clock.now())
      if (released !== null) tellServer(tx, released.server)
    },
    async kick(tx, session, player, reason) {
      const server = await store.kick(tx, session, player, reason, clock.now())
      if (server !== null) tellServer(tx, server)
    },
    viewOf: async (sessions) => (sessions.length === 0 ? new Map() : db.once((tx) => store.viewOf(tx, sessions))),
  }
}

function refuseSlots(count: number): void {
  if (!Number.isInteger(count) || count < 1) throw new Error(`${count} is no number of slots.`)
}
