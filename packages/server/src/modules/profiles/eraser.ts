import type { PlayerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { ProfilesOptions } from './config.ts'
import type { Keepers } from './personal.ts'
import type { ProfilesStore } from './store.ts'

/** Has every keeper forget a player: all of it or nothing, so that a crash leaves no half-erased player. A while later it
 *  is done once more: a request that was under way at that moment may have written after its keeper had erased, and by
 *  then nobody can sign in as that player. */
export interface Eraser {
  erase(player: PlayerId): Promise<void>
  /** Erases again whom it is time for, and guests nobody has played as for long. */
  sweep(): Promise<void>
}

export interface EraserNeeds {
  clock: Clock
  db: Db
  store: ProfilesStore
  keepers: Keepers
  /** Guests nobody has played as since, by id, after `after`. */
  staleGuests(unusedSinceMs: number, after: PlayerId | null, max: number): Promise<PlayerId[]>
}

const dayMs = 86_400_000

export function createEraser(needs: EraserNeeds, options: ProfilesOptions): Eraser {
  const { clock, db, store, keepers, staleGuests } = needs

  const erase = (player: PlayerId) =>
    db.transact(async (tx) => {
      for (const keeper of Object.values(keepers)) await keeper.erase(tx, player)
      await store.noteErased(tx, player, clock.now() + options.eraseAgainS * 1_000)
    })

  const eraseAgain = (player: PlayerId) =>
    db.transact(async (tx) => {
      for (const keeper of Object.values(keepers)) await keeper.erase(tx, player)
      await store.forgetErased(tx, player)
    })

  return {
    erase,
    async sweep() {
      const { sweepBatchMax, guestsKeptDays } = options
      const now = clock.now()
      for (const player of await db.once((tx) => store.erasedBefore(tx, now, sweepBatchMax))) await eraseAgain(player)
      if (guestsKeptDays === 0) return
      for (const guest of await staleGuests(now - guestsKeptDays * dayMs, null, sweepBatchMax)) await erase(guest)
    },
  }
}
