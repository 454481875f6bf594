import type { EntryId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Tx } from '../../platform/db.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { Entry, Reason } from './domain.ts'
import type { Figures } from './figures.ts'
import type { MatchmakingNeeds, Places } from './needs.ts'
import type { MatchmakingStore } from './store.ts'

export interface ClosingNeeds {
  clock: Clock
  wakes: Wakes
  store: Pick<MatchmakingStore, 'closeSearching' | 'noteLast'>
  places: Pick<Places, 'release'>
  push: MatchmakingNeeds['push']
  figures: Figures
}

/** Closes entries that search, frees their players, and tells them why. Those that search no more stay as they are;
 *  answers those that were closed. */
export type CloseSearching = (tx: Tx, ids: readonly EntryId[], reason: Reason, unseenSince?: number) => Promise<Entry[]>

export function createClosing({ clock, wakes, store, places, push, figures }: ClosingNeeds): CloseSearching {
  return async (tx, ids, reason, unseenSince) => {
    const closed = await store.closeSearching(tx, ids, reason, unseenSince)
    if (closed.length === 0) return closed
    const each = closed.flatMap(({ id: entry, players }) => players.map((player) => ({ player, entry })))
    await store.noteLast(tx, each, clock.now())
    await places.release(
      tx,
      each.map(({ player, entry }) => ({ player, place: { kind: 'entry', id: entry } })),
    )
    await push(
      tx,
      each.map(({ player, entry }) => ({
        player,
        event: 'match_cancelled',
        data: { match_id: null, entry_id: entry, reason, requeued: false },
      })),
    )
    afterCommit(tx, () => {
      figures.closed(reason, closed.length)
      wakes.wake(
        'player',
        each.map(({ player }) => player),
      )
      wakes.wake(
        'queue',
        closed.map(({ id }) => id),
      )
    })
    return closed
  }
}
