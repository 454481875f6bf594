import { type PlayerId, Refusal } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { IdentityStore, Person } from './store/index.ts'

const gathered = {
  ...{ delayMs: 0, batchMax: 256, waitingMax: 20_000 },
  refuse: () => new Refusal('BUSY', { retryAfterS: 1 }),
}

/** Reads who players are. Whoever asks while others are being read waits and is read with the next, so each sees what was
 *  true after asking. */
export function createPeople({ clock, db, store }: { clock: Clock; db: Db; store: IdentityStore }) {
  return gather<PlayerId[], Map<PlayerId, Person>>(clock, gathered, async (asked) => {
    const found = await db.once((tx) => store.players.people(tx, [...new Set(asked.flat())]))
    return asked.map((players) => {
      const known = players.flatMap((player) => {
        const person = found.get(player)
        return person === undefined ? [] : [[player, person] as const]
      })
      return new Map(known)
    })
  })
}
