import type { EntryId, PlayerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Entry } from './domain.ts'
import type { Places } from './needs.ts'
import type { EntryStore } from './store.ts'

export interface ActivityNeeds {
  clock: Clock
  db: Db
  store: Pick<EntryStore, 'touch'>
  places: Pick<Places, 'of'>
  connectedHere?(): Iterable<PlayerId>
}

const touchedTogetherMax = 2_000
const notedMax = 1_000_000
const playersTogetherMax = 1_000
/** A row is written anew only when what it says is older than this part of the time after which an entry is idle. */
const stalePart = 8
/** How often what was noted is written, and what that may take. */
export const flushMs = 5_000
const flushSlackMs = 2_500
const writtenWithinMs = flushMs + flushSlackMs

const staleAfterMs = (idleMs: number) => idleMs / stalePart

/** So old a row must be to be sure that nobody was heard of for `idleMs`: the latest news may not be in it. */
export const unheardAfterMs = (idleMs: number): number => idleMs + staleAfterMs(idleMs) + writtenWithinMs

/** How long whoever comes back from a match has to be heard of, where nothing else says that they are there; to write it
 *  down may take a while longer. */
const returnGraceMs = 30_000

/** As of when an entry that comes back counts as heard of, if it is excused. */
export const excusedTo = (idleMs: number, now: number): number =>
  Math.min(now, now + returnGraceMs + writtenWithinMs - unheardAfterMs(idleMs))

/**
 * Notes that the players of an entry are still there, because they ask for it or have a socket open; also while a match of
 * theirs is on its way, for that may come to nothing. It is kept in the
 * row, written in batches and not more often than needed, so that it outlives every process; an entry that nobody was
 * heard of for too long can then be closed by whoever matches.
 */
export function createActivity({ clock, db, store, places, connectedHere }: ActivityNeeds, idleMs: number) {
  const staleMs = staleAfterMs(idleMs)
  const noted = new Set<EntryId>()

  return {
    /** A player of this entry was heard of just now. */
    seen(entry: Pick<Entry, 'id' | 'state' | 'seenAt'>): void {
      if (idleMs === 0 || entry.state === 'closed' || clock.now() - entry.seenAt < staleMs) return
      if (noted.size < notedMax) noted.add(entry.id)
    },
    /** Writes what was noted. */
    async flush(): Promise<void> {
      while (noted.size > 0) {
        const ids = [...noted].slice(0, touchedTogetherMax)
        for (const id of ids) noted.delete(id)
        const now = clock.now()
        await db.once((tx) => store.touch(tx, ids, now, now - staleMs))
      }
    },
    /** Notes the entries of everybody who has a socket open on this process. */
    async noteConnected(): Promise<void> {
      if (idleMs === 0 || connectedHere === undefined) return
      const players = [...connectedHere()]
      for (let at = 0; at < players.length; at += playersTogetherMax) {
        const found = await places.of(players.slice(at, at + playersTogetherMax))
        for (const { kind, id } of found.values()) if (kind === 'entry') noted.add(id as EntryId)
      }
    },
  }
}

export type Activity = ReturnType<typeof createActivity>
