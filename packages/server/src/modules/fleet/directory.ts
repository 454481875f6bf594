import { type KeyId, offeredIdPrefix, Refusal, type ServerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Wakes } from '../../platform/wakes.ts'
import { gamePortOf, mayTouch, type Registration, type Toucher } from './domain.ts'
import type { EndServers } from './endings.ts'
import type { DirectoryStore } from './store.ts'

/** Which servers there are. */
export interface Directory {
  /** A new run of a server. `instance` names the run; whatever an earlier one was playing is lost. */
  register(key: KeyId, instance: string, server: Registration): Promise<void>
  drain(server: ServerId, by: Toucher): Promise<void>
  leave(server: ServerId, by: Toucher): Promise<void>
}

export interface DirectoryNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  log: Log
  store: DirectoryStore
  endServers: EndServers
}

export function createDirectory({ clock, db, wakes, log, store, endServers }: DirectoryNeeds): Directory {
  async function touch(tx: Tx, server: ServerId, by: Toucher): Promise<void> {
    const registrant = await store.registrantOf(tx, server)
    if (registrant === undefined) throw new Refusal('SERVER_NOT_FOUND')
    if (!mayTouch(by, registrant)) {
      throw new Refusal('FORBIDDEN', { detail: 'This server was registered with another key, or offered itself.' })
    }
  }

  return {
    async register(key, instance, server) {
      const gamePort = gamePortOf(server.ports)
      if (gamePort === null) {
        const problem = 'names several ports but none of them `game`, so players would not know where to go'
        throw new Refusal('INVALID_REQUEST', {
          detail: `body.ports ${problem}`,
          fields: [{ field: 'body.ports', problem }],
        })
      }
      if (server.id.startsWith(offeredIdPrefix)) {
        const detail = `Ids that begin with ${offeredIdPrefix} are those of servers that offer themselves.`
        throw new Refusal('SERVER_ID_TAKEN', { detail })
      }
      await db.transact(async (tx) => {
        const lost = await store.register(tx, { ...server, instance, key, gamePort, now: clock.now() })
        if (lost === null) throw new Refusal('SERVER_ID_TAKEN')
        afterCommit(tx, () => {
          log.info({ server: server.id, key, instance, sessions: lost }, 'a server registered')
          wakes.wake('server', [server.id])
          wakes.wake('session', lost)
        })
      })
    },
    async drain(server, by) {
      await db.transact(async (tx) => {
        await touch(tx, server, by)
        if (!(await store.drain(tx, server))) throw new Refusal('SERVER_NOT_FOUND')
        afterCommit(tx, () => {
          log.info({ server }, 'a server is draining')
          wakes.wake('server', [server])
        })
      })
    },
    async leave(server, by) {
      await db.transact(async (tx) => {
        await touch(tx, server, by)
        const cause = by.kind === 'operator' ? 'stopped' : 'left'
        const ended = await endServers(tx, { servers: [server], cause, detail: null, now: clock.now() })
        if (ended.length === 0) throw new Refusal('SERVER_NOT_FOUND')
      })
    },
  }
}
