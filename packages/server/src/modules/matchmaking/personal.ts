import type { EntryId, PlayerId } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { CloseSearching } from './closing.ts'
import type { Places } from './needs.ts'
import type { Offers } from './offers.ts'
import type { MatchmakingStore } from './store.ts'

export interface PersonalNeeds {
  db: Db
  store: Pick<MatchmakingStore, 'entriesOf' | 'strikesOf' | 'lastEntryOf' | 'forget'>
  places: Pick<Places, 'of'>
  close: CloseSearching
  offers: Offers
}

/** What matchmaking keeps of a player beyond the moment, and how it is forgotten. Ended entries and matches are dropped
 *  after their time; till then they hold a player's id, but no name, and nothing of what the player said of themselves. */
export function createPersonal({ db, store, places, close, offers }: PersonalNeeds) {
  async function idsOf(tx: Tx, player: PlayerId): Promise<EntryId[]> {
    const place = (await places.of([player])).get(player)
    const last = await store.lastEntryOf(tx, player)
    return [...(place?.kind === 'entry' ? [place.id as EntryId] : []), ...(last === null ? [] : [last])]
  }

  return {
    exportOf: (player: PlayerId): Promise<unknown> =>
      db.once(async (tx) => {
        const entries = await store.entriesOf(tx, await idsOf(tx, player))
        const strikes = await store.strikesOf(tx, player)
        return {
          entries: entries.map(({ id, queues, ratings, state, reason, match, createdAt, asks }) => ({
            ...{ id, queues, ratings, state, reason, match, created_at: timeText(createdAt), ...(asks ?? {}) },
          })),
          declined_matches:
            strikes === null
              ? null
              : { count: strikes.count, last_at: timeText(strikes.at), paused_until: timeText(strikes.pausedUntil) },
        }
      }),

    /** Whoever waits leaves; a match that waits for the player's answer falls through. */
    async erase(tx: Tx, player: PlayerId): Promise<void> {
      const entries = await store.entriesOf(tx, await idsOf(tx, player))
      for (const { id, state, match } of entries) {
        if (state === 'searching') await close(tx, [id], 'erased')
        if (state === 'matched' && match !== null) await offers.withdraw(tx, player, match, 'erased')
      }
      await store.forget(tx, player)
    },
  }
}
