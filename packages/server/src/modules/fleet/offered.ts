import { type KeyId, Refusal, type ServerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Wakes } from '../../platform/wakes.ts'
import { type AssignedSession, type Ending, gamePortOf, type Registration } from './domain.ts'
import type { EndServers } from './endings.ts'
import type { DirectoryStore, OfferedStanding, OfferedStore } from './store.ts'

/** Servers that do not beat themselves: somebody offers them, vouches that they can be reached, and hands them their
 *  orders. For everybody else they are registered servers like any other. */
export interface OfferedServers {
  /** Lets it take sessions; `instance` names the run, where this begins one. Offered again, also after it was closed, it
   *  goes on as it is, with what it plays; unless it is said to be `anew`, which loses whatever an earlier run played.
   *  Throws SERVER_ID_TAKEN. */
  open(tx: Tx, key: KeyId, instance: string, server: Registration, anew?: boolean): Promise<void>
  /** No new sessions. */
  close(tx: Tx, servers: readonly ServerId[]): Promise<void>
  /** They go, with whatever they play. */
  end(tx: Tx, servers: readonly ServerId[], cause: Ending, detail: string | null): Promise<void>
  /** Said by who could reach them: they live. */
  vouch(servers: readonly { server: ServerId; key: KeyId }[]): Promise<void>
  standingsOf(tx: Tx, servers: readonly ServerId[]): Promise<Map<ServerId, OfferedStanding>>
  /** Sessions that they have not said to be ready for, yet. */
  assignmentsOf(servers: readonly ServerId[]): Promise<Map<ServerId, AssignedSession[]>>
}

export interface OfferedNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  log: Log
  store: Pick<DirectoryStore, 'register' | 'drain' | 'beat' | 'ordersOf'> & OfferedStore
  endServers: EndServers
}

/**
 * Who holds an offered server. Its key alone names no one: several accounts may share it, and whoever has the bare key
 * must not beat, drain or end in the name of them all. So the directory never finds an offered server under a key.
 */
const holderMark = 'offered:'
const holderOf = (key: KeyId) => `${holderMark}${key}` as KeyId
const keyOf = (holder: KeyId | null) =>
  holder?.startsWith(holderMark) ? (holder.slice(holderMark.length) as KeyId) : null

export function createOffered({ clock, db, wakes, log, store, endServers }: OfferedNeeds): OfferedServers {
  return {
    async open(tx, key, instance, server, anew = false) {
      const gamePort = gamePortOf(server.ports)
      if (gamePort === null) throw new Error('An offered server has one port.')
      afterCommit(tx, () => wakes.wake('server', [server.id]))
      if (!anew && (await store.reopen(tx, { ...server, key: holderOf(key) }))) return
      const lost = await store.register(tx, { ...server, instance, key: holderOf(key), gamePort, now: clock.now() })
      if (lost === null) throw new Refusal('SERVER_ID_TAKEN')
      afterCommit(tx, () => {
        log.info({ server: server.id, key, instance, address: server.name, sessions: lost }, 'a server was offered')
        wakes.wake('session', lost)
      })
    },
    async close(tx, servers) {
      for (const server of servers) await store.drain(tx, server)
    },
    async end(tx, servers, cause, detail) {
      await endServers(tx, { servers, cause, detail, now: clock.now() })
    },
    async vouch(servers) {
      const beats = servers.map(({ server, key }) => ({ server, key: holderOf(key), currentPlayers: 0, load: 0 }))
      if (beats.length > 0) await db.transact((tx) => store.beat(tx, clock.now(), beats))
    },
    async standingsOf(tx, servers) {
      const standings = await store.standingsOf(tx, servers)
      return new Map([...standings].map(([server, standing]) => [server, { ...standing, key: keyOf(standing.key) }]))
    },
    async assignmentsOf(servers) {
      const orders = await db.once((tx) => store.ordersOf(tx, servers))
      return new Map([...orders].map(([server, { assign }]) => [server, assign]))
    },
  }
}
