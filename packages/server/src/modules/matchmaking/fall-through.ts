import type { EntryId, PlayerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Tx } from '../../platform/db.ts'
import type { Wakes } from '../../platform/wakes.ts'
import { excusedTo, unheardAfterMs } from './activity.ts'
import { type Fate, type Match, playersOf, type Reason } from './domain.ts'
import type { Figures } from './figures.ts'
import type { MatchmakingNeeds, Place, Places } from './needs.ts'
import { struck } from './pause.ts'
import type { Queues } from './queues.ts'
import type { EntryChange, MatchmakingStore } from './store.ts'

export interface FallThroughNeeds {
  clock: Clock
  wakes: Wakes
  store: Pick<MatchmakingStore, 'changeMatch' | 'changeEntries' | 'closeSearching' | 'noteLast' | 'strike'>
  places: Pick<Places, 'move' | 'release'>
  push: MatchmakingNeeds['push']
  queues: Queues
  figures: Figures
}

export interface Fallen {
  reason: Reason
  fates: readonly Fate[]
  /** Whoever let it fall through. */
  leavers: readonly PlayerId[]
  /** Those of them to whom it is held against. */
  struck: readonly PlayerId[]
  /** Those of whom it is known that they are there. */
  heard?: readonly PlayerId[]
}

/** Lets a match fall through whose row is held: those to blame leave the queue, and so do those who were not heard of for
 *  too long; the others go back to its front. All are told. */
export type FallThrough = (tx: Tx, match: Match, fallen: Fallen) => Promise<void>

export function createFallThrough(needs: FallThroughNeeds, idleMs: number): FallThrough {
  const { clock, wakes, store, places, push, queues, figures } = needs
  const placeOf = (entry: EntryId): Place => ({ kind: 'entry', id: entry })
  const eachOf = (fates: readonly Fate[]) =>
    fates.flatMap(({ party }) => party.players.map(({ player }) => ({ player, entry: party.entry })))

  /** The session sent its players back to their entries. Whoever is not there has gone elsewhere since. */
  async function withoutWanderers(tx: Tx, fates: readonly Fate[]): Promise<Fate[]> {
    const back = eachOf(fates.filter(({ to }) => to === 'searching'))
    if (back.length === 0) return [...fates]
    const moves = back.map(({ player, entry }) => ({ player, from: placeOf(entry), to: placeOf(entry) }))
    const absent = new Set(await places.move(tx, moves))
    const lost = fates.filter(
      ({ to, party }) => to === 'searching' && party.players.some(({ player }) => absent.has(player)),
    )
    if (lost.length === 0) return [...fates]
    await store.closeSearching(
      tx,
      lost.map(({ party }) => party.entry),
      'left',
    )
    return fates.map((fate) => (lost.includes(fate) ? { ...fate, to: 'closed', reason: 'left' } : fate))
  }

  /** Where every match comes to nothing, nobody would ever wait long enough in the queue to be found idle. */
  async function withoutVanished(tx: Tx, fates: readonly Fate[], now: number): Promise<Fate[]> {
    const back = fates.filter(({ to }) => to === 'searching').map(({ party }) => party.entry)
    if (idleMs === 0 || back.length === 0) return [...fates]
    const closed = await store.closeSearching(tx, back, 'idle', now - unheardAfterMs(idleMs))
    const idle = new Set(closed.map(({ id }) => id))
    return fates.map((fate) => (idle.has(fate.party.entry) ? { ...fate, to: 'closed', reason: 'idle' } : fate))
  }

  return async (tx, match, { reason, fates: wanted, leavers, struck: guilty, heard = [] }) => {
    const now = clock.now()
    const from = match.state === 'offered' ? 'matched' : 'confirmed'
    await store.changeMatch(tx, match.id, { state: 'cancelled', reason, leavers: [...leavers] }, now)
    const changes = wanted.map(
      ({ party, to, reason: why }): EntryChange => ({
        ...{ entry: party.entry, match: match.id, from, to, reason: why },
        heard: party.players.some(({ player }) => heard.includes(player)),
      }),
    )
    const changed = new Set(await store.changeEntries(tx, changes, now, excusedTo(idleMs, now)))
    const known = wanted.filter(({ party }) => changed.has(party.entry))
    const present = from === 'confirmed' ? await withoutWanderers(tx, known) : known
    const fates = await withoutVanished(tx, present, now)

    const closed = eachOf(fates.filter(({ to }) => to === 'closed'))
    await store.noteLast(tx, closed, now)
    const rule = queues.find(match.queue)?.declinePause
    if (rule !== undefined) await store.strike(tx, guilty, (before) => struck(before, rule, now))
    await places.release(
      tx,
      closed.map(({ player, entry }) => ({ player, place: placeOf(entry) })),
    )
    await push(
      tx,
      fates.flatMap(({ party, to, reason: why }) =>
        party.players.map(({ player }) => ({
          player,
          event: 'match_cancelled' as const,
          data: { match_id: match.id, entry_id: party.entry, reason: why, requeued: to === 'searching' },
        })),
      ),
    )
    afterCommit(tx, () => {
      figures.fell(match.queue, reason)
      for (const fate of fates) if (fate.to === 'closed') figures.closed(fate.reason, 1)
      wakes.wake('player', playersOf(match))
      wakes.wake(
        'queue',
        fates.filter(({ to }) => to === 'searching').map(({ party }) => party.entry),
      )
    })
  }
}
