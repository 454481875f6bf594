import { type EntryId, type PlayerId, Refusal } from '@muster/protocol'
import type { Db } from '../../platform/db.ts'
import type { CloseSearching } from './closing.ts'
import type { Reading } from './entry-text.ts'
import type { Follower } from './follower.ts'
import type { Places } from './needs.ts'
import type { Offers } from './offers.ts'

export interface LeavingNeeds {
  db: Db
  places: Pick<Places, 'of'>
  read(id: EntryId): Promise<Reading | null>
  close: CloseSearching
  offers: Offers
  follower: Follower
}

/** An entry may move on while its player leaves; each look finds it one step further at least. */
const looksMax = 5

/** Takes a player out of the queue. While a match waits for an answer, leaving declines it. */
export function createLeaving({ db, places, read, close, offers, follower }: LeavingNeeds) {
  /** True once the player has left. */
  async function tryToLeave(player: PlayerId, { entry, match }: Reading): Promise<boolean> {
    switch (entry.state) {
      case 'searching':
        return (await db.transact((tx) => close(tx, [entry.id], 'left'))).length > 0
      case 'matched':
        if (match === null) return false
        try {
          return (await offers.answer(player, match.id, 'decline')) === 'cancelled'
        } catch (error) {
          if (error instanceof Refusal && error.code === 'MATCH_EXPIRED') {
            await offers.expire(match.id)
            return false
          }
          throw error
        }
      case 'confirmed':
        // Its session may have been cancelled just now.
        if (match !== null) await follower.follow([match])
        return false
      case 'closed':
        throw new Refusal('ENTRY_NOT_FOUND')
    }
  }

  return async function leave(player: PlayerId): Promise<void> {
    for (let looks = 0; looks < looksMax; looks++) {
      const place = (await places.of([player])).get(player)
      if (place === undefined) throw new Refusal('ENTRY_NOT_FOUND')
      if (place.kind === 'session') break
      const reading = await read(place.id as EntryId)
      if (reading === null) throw new Refusal('ENTRY_NOT_FOUND')
      if (await tryToLeave(player, reading)) return
    }
    throw new Refusal('ALREADY_PLAYING')
  }
}
