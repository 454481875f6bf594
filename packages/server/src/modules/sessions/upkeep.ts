import type { SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { SessionsOptions } from './config.ts'
import type { Figures } from './figures.ts'
import type { FleetNeeds } from './needs.ts'
import { slotIsDue, withoutSlot } from './seats.ts'
import type { SessionStore } from './store.ts'

export interface UpkeepNeeds {
  clock: Clock
  db: Db
  log: Log
  store: SessionStore
  fleet: Pick<FleetNeeds, 'freeSlots'>
  figures: Figures
}

export interface Upkeep {
  /** Gives back the slots of players who are not there and can come in by no ticket any more. */
  freeSlots(): Promise<void>
  /** Deletes sessions that ended long ago. */
  removeOld(): Promise<void>
  count(): Promise<void>
}

const dayMs = 86_400_000
const removedAtOnceMax = 500
const removalsMax = 20

export function createUpkeep(needs: UpkeepNeeds, options: Pick<SessionsOptions, 'sweepBatchMax' | 'keptDays'>): Upkeep {
  const { clock, db, log, store, fleet, figures } = needs

  const freeOf = (id: SessionId) =>
    db.transact(async (tx) => {
      const session = await store.lock(tx, id)
      if (session === null || session.endedAt !== null) return
      const now = clock.now()
      const due = session.seats.filter((seat) => slotIsDue(seat, now))
      if (due.length === 0) return
      await store.changeSeats(tx, id, due.map(withoutSlot))
      await fleet.freeSlots(tx, id, due.length)
    })

  return {
    async freeSlots() {
      const now = clock.now()
      for (const id of await db.once((tx) => store.slotsDue(tx, now, options.sweepBatchMax))) {
        await freeOf(id).catch((error: unknown) => log.warn({ err: error, session: id }, 'slots could not be freed'))
      }
    },
    async removeOld() {
      const before = clock.now() - options.keptDays * dayMs
      for (let batch = 0; batch < removalsMax; batch++) {
        const removed = await db.once((tx) => store.removeEnded(tx, before, removedAtOnceMax))
        if (removed < removedAtOnceMax) return
      }
    },
    async count() {
      figures.live(await db.once((tx) => store.countLive(tx)))
    },
  }
}
