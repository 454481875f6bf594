import { randomBytes } from 'node:crypto'
import { type KeyId, Refusal, type ServerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { FleetOptions } from './config.ts'
import type { Credentials } from './credentials.ts'
import { gamePortOf, mayTouch, type Registration, type Toucher } from './domain.ts'
import type { EndServers } from './endings.ts'
import type { Beat, DirectoryStore } from './store.ts'

/** Which servers live. */
export interface Directory {
  /** A run of a server begins; sessions of an earlier run are lost. Answers the key that its tickets verify with. */
  register(server: Registration, key: KeyId): Promise<{ ticketKey: string }>
  /** Throws SERVER_NOT_FOUND where the server is not known, or belongs to another key. */
  beat(beat: Beat): Promise<void>
  /** No new sessions; an idle one goes at once. */
  drain(server: ServerId, by: Toucher): Promise<void>
  /** Its sessions are lost. */
  remove(server: ServerId, by: Toucher): Promise<void>
}

export interface DirectoryNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  store: DirectoryStore
  credentials: Credentials
  endServers: EndServers
}

export const mintInstance = (): string => randomBytes(12).toString('base64url')

export function createDirectory(
  { clock, db, wakes, store, credentials, endServers }: DirectoryNeeds,
  options: FleetOptions,
): Directory {
  const write = gather<Beat, boolean>(
    clock,
    {
      delayMs: options.beatGatherMs,
      batchMax: options.beatBatchMax,
      waitingMax: options.beatsWaitingMax,
      refuse: () => new Refusal('BUSY', { retryAfterS: 1 }),
    },
    async (beats) => {
      // One statement can change a row once, so of two beats of one server the later counts.
      const latest = new Map(beats.map((beat) => [`${beat.server} ${beat.key}`, beat]))
      const known = await db.once((tx) => store.beat(tx, clock.now(), [...latest.values()]))
      return beats.map((beat) => known.has(beat.server))
    },
  )

  async function touch(server: ServerId, by: Toucher): Promise<void> {
    const registrant = await db.once((tx) => store.registrantOf(tx, server))
    if (registrant === undefined || !mayTouch(by, registrant)) throw new Refusal('SERVER_NOT_FOUND')
  }

  return {
    async register(server, key) {
      const gamePort = gamePortOf(server.ports)
      if (gamePort === null) {
        const problem = 'must name a port `game` where there are several'
        throw new Refusal('INVALID_REQUEST', {
          detail: `body.ports ${problem}`,
          fields: [{ field: 'body.ports', problem }],
        })
      }
      const instance = mintInstance()
      const lost = await db.transact((tx) =>
        store.register(tx, { ...server, instance, key, gamePort, now: clock.now() }),
      )
      if (lost === null) throw new Refusal('SERVER_ID_TAKEN')
      wakes.wake('session', lost)
      return { ticketKey: credentials.ticketKeyOf(server.id, instance).toString('hex') }
    },

    async beat(beat) {
      if (!(await write(beat))) throw new Refusal('SERVER_NOT_FOUND')
    },

    async drain(server, by) {
      await touch(server, by)
      if (!(await db.once((tx) => store.drain(tx, server)))) throw new Refusal('SERVER_NOT_FOUND')
      wakes.wake('server', [server])
    },

    async remove(server, by) {
      await touch(server, by)
      const cause = by.kind === 'operator' ? 'stopped' : 'left'
      const ended = await db.transact((tx) =>
        endServers(tx, { servers: [server], cause, detail: null, now: clock.now() }),
      )
      if (ended.length === 0) throw new Refusal('SERVER_NOT_FOUND')
    },
  }
}
