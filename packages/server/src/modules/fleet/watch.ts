import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { FleetOptions } from './config.ts'
import type { EndServers } from './endings.ts'
import type { Figures } from './figures.ts'
import type { DirectoryStore } from './store.ts'

export interface WatchNeeds {
  clock: Clock
  db: Db
  log: Log
  store: DirectoryStore
  endServers: EndServers
  figures: Figures
}

/** Looks for servers that fell silent, and forgets those that went long ago. Any node may do so at any time. */
export interface Watch {
  look(): Promise<void>
  tidy(): Promise<void>
}

const batchesMax = 20

export function createWatch({ clock, db, store, endServers, figures }: WatchNeeds, options: FleetOptions): Watch {
  return {
    async look() {
      const now = clock.now()
      // Silence counts only while somebody listened: after an outage of Muster's own, everybody gets a whole TTL.
      const listenedSince = await db.once((tx) => store.markSwept(tx, now, options.outageS * 1_000))
      const silentSince = now - options.ttlS * 1_000
      if (listenedSince > silentSince) return
      for (let batches = 0; batches < batchesMax; batches++) {
        const silent = await db.once((tx) => store.silentSince(tx, silentSince, options.sweepBatchMax))
        if (silent.length === 0) return
        const request = { servers: silent, cause: 'silent', detail: null, now, silentSince } as const
        await db.transact((tx) => endServers(tx, request))
        if (silent.length < options.sweepBatchMax) return
      }
    },

    async tidy() {
      const now = clock.now()
      const request = {
        endedBefore: now - options.goneKeptS * 1_000,
        kicksBefore: now - options.goneKeptS * 1_000,
        limit: options.sweepBatchMax,
      }
      for (let batches = 0; batches < batchesMax; batches++) {
        if ((await db.once((tx) => store.purge(tx, request))) === 0) break
      }
      figures.servers(await db.once((tx) => store.counts(tx)))
    },
  }
}
