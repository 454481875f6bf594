import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { FleetOptions } from './config.ts'
import type { EndServers } from './endings.ts'
import type { Figures } from './figures.ts'
import type { DirectoryStore } from './store.ts'

export interface SweeperNeeds {
  clock: Clock
  db: Db
  store: DirectoryStore
  endServers: EndServers
  figures: Figures
}

const roundsMax = 100
const countEveryMs = 5_000
const purgeEveryMs = 10_000

/** Ends servers that fell silent, and forgets those that ended long ago. Every node sweeps; what one has ended, another
 *  finds ended. */
export function createSweeper({ clock, db, store, endServers, figures }: SweeperNeeds, options: FleetOptions) {
  const batch = options.sweepBatchMax
  let countAt = 0
  let purgeAt = 0

  return async function sweep(): Promise<void> {
    const now = clock.now()
    const attendedSince = await db.once((tx) => store.markSwept(tx, now, options.outageS * 1_000))
    const silentSince = now - options.ttlS * 1_000
    // While Muster itself was away nobody could beat, so everybody gets a whole TTL from its return.
    if (attendedSince <= silentSince) await endSilent(silentSince, now)
    if (now >= countAt) {
      countAt = now + countEveryMs
      figures.servers(await db.once((tx) => store.counts(tx)))
    }
    if (now >= purgeAt) {
      const endedBefore = now - options.goneKeptS * 1_000
      const kicksBefore = now - options.kickKeptS * 1_000
      const removed = await db.once((tx) => store.purge(tx, { endedBefore, kicksBefore, limit: batch }))
      purgeAt = removed < batch ? now + purgeEveryMs : now
    }
  }

  async function endSilent(silentSince: number, now: number): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      const servers = await db.once((tx) => store.silentSince(tx, silentSince, batch))
      if (servers.length > 0) {
        await db.transact((tx) => endServers(tx, { servers, silentSince, cause: 'silent', detail: null, now }))
      }
      if (servers.length < batch) return
    }
  }
}
