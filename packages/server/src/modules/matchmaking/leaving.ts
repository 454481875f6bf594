import { type EntryId, type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import type { Db } from '../../platform/db.ts'
import type { CloseSearching } from './closing.ts'
import type { Reading } from './entry-text.ts'
import type { Follower } from './follower.ts'
import type { MatchmakingNeeds, Places } from './needs.ts'
import type { Offers } from './offers.ts'
import type { MatchStore } from './store.ts'

export interface LeavingNeeds {
  db: Db
  store: Pick<MatchStore, 'matchesOfSessions'>
  places: Pick<Places, 'of'>
  read(id: EntryId): Promise<Reading | null>
  close: CloseSearching
  offers: Offers
  follower: Follower
  leaveSession: MatchmakingNeeds['leaveSession']
}

/** An entry may move on while its player leaves; each look finds it one step further at least. */
const looksMax = 5

/** Takes a player out of the queue. While a match waits for an answer, leaving declines it; while its server is found or
 *  started, leaving gives the place up. Whoever was told where to play is in a session, and leaves that. */
export function createLeaving(needs: LeavingNeeds) {
  const { db, store, places, read, close, offers, follower } = needs

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

  /** The same for one whose place is the session already. */
  async function tryToGiveUp(player: PlayerId, session: SessionId): Promise<boolean> {
    const [match] = await db.once((tx) => store.matchesOfSessions(tx, [session]))
    if (match === undefined || match.told) throw new Refusal('ALREADY_PLAYING')
    let gone = true
    try {
      await needs.leaveSession(session, player)
    } catch (error) {
      // It came to nothing just now, and sends its players back.
      if (!(error instanceof Refusal) || error.code !== 'SESSION_ENDED') throw error
      gone = false
    }
    await follower.follow([match])
    return gone
  }

  return async function leave(player: PlayerId): Promise<void> {
    for (let looks = 0; looks < looksMax; looks++) {
      const place = (await places.of([player])).get(player)
      if (place === undefined) throw new Refusal('ENTRY_NOT_FOUND')
      if (place.kind === 'session') {
        if (await tryToGiveUp(player, place.id as SessionId)) return
        continue
      }
      const reading = await read(place.id as EntryId)
      if (reading === null) throw new Refusal('ENTRY_NOT_FOUND')
      if (await tryToLeave(player, reading)) return
    }
    throw new Refusal('ALREADY_PLAYING')
  }
}
