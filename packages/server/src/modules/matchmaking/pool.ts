import type { EntryId } from '@muster/protocol'
import type { Waiter } from './domain.ts'
import type { Match } from './engine/index.ts'
import type { Indexes } from './indexes.ts'
import type { Queue } from './queues.ts'

/** An entry as the matcher keeps it in memory. */
interface Waiting {
  version: number
  /** Those of its queues that are known here. Entries of the same queues share one list. */
  queues: readonly string[]
  /** By queue; bare where there is one queue only. */
  ratings: number | readonly number[]
  size: number
  sinceMs: number
  front: boolean
}

/** How long the version is remembered of an entry that has gone, so that an old reading of it does not bring it back. */
const remembersMs = 30_000

/** Kinds of choices of queues whose lists are shared. */
const listsMax = 1_000

/**
 * Everybody who waits, in memory, over all queues: whoever is matched in one is gone from all.
 *
 *   put ─► waiting ──pass──► out ──matched──► forgotten
 *             ▲───giveBack────┘
 *
 * The rows are the truth. What is here may be late, so a match counts only once the rows say so too.
 */
export function createPool(queues: readonly Pick<Queue, 'name' | 'teamSize'>[], first: Indexes) {
  let indexes = first
  const waiting = new Map<EntryId, Waiting>()
  /** Matched in memory, while the rows are asked. */
  const out = new Map<EntryId, Waiting>()
  const gone = new Map<EntryId, { version: number; at: number }>()
  const teamSizes = new Map(queues.map(({ name, teamSize }) => [name, teamSize]))
  const figures = new Map(queues.map(({ name }) => [name, { entries: 0, players: 0, changed: false }]))
  const lists = new Map<string, { queues: readonly string[]; at: readonly number[] }>()

  const count = ({ queues, size }: Waiting, by: 1 | -1) => {
    for (const queue of queues) {
      const figure = figures.get(queue)
      if (figure === undefined) continue
      figure.entries += by
      figure.players += by * size
      figure.changed ||= by > 0
    }
  }
  const index = (id: EntryId, { queues, ratings, size, sinceMs, front }: Waiting) => {
    for (let at = 0; at < queues.length; at++) {
      const rating = typeof ratings === 'number' ? ratings : (ratings[at] as number)
      indexes.add(queues[at] as string, { id, rating, size, sinceMs, front })
    }
  }
  const enter = (id: EntryId, entry: Waiting) => {
    waiting.set(id, entry)
    count(entry, 1)
    index(id, entry)
  }
  const take = (id: EntryId, entry: Waiting, matchedIn: string | null) => {
    waiting.delete(id)
    count(entry, -1)
    for (const queue of entry.queues) if (queue !== matchedIn) indexes.remove(queue, id)
  }
  const remember = (id: EntryId, version: number, now: number) => {
    for (const [old, { at }] of gone) {
      if (now - at < remembersMs) break
      gone.delete(old)
    }
    gone.delete(id)
    gone.set(id, { version, at: now })
  }
  /** Those that there are, and whose teams take a party of this size. */
  const listOf = (wanted: readonly string[], size: number) => {
    const key = `${size} ${wanted.length === 1 ? wanted[0] : wanted.join(',')}`
    const known = lists.get(key)
    if (known !== undefined) return known
    if (lists.size >= listsMax) lists.clear()
    const at = wanted.flatMap((queue, place) => (size <= (teamSizes.get(queue) ?? 0) ? [place] : []))
    const list = { queues: at.map((place) => wanted[place] as string), at }
    lists.set(key, list)
    return list
  }
  const giveBack = (id: EntryId) => {
    const entry = out.get(id)
    if (entry === undefined) return
    out.delete(id)
    enter(id, entry)
  }

  return {
    /** False where the entry, as it is here, is no older; or where none of its queues is known. */
    put(row: Omit<Waiter, 'seenAt'>): boolean {
      const { id, version } = row
      const known = waiting.get(id) ?? out.get(id) ?? gone.get(id)
      if (known !== undefined && known.version >= version) return false
      const { queues, at } = listOf(row.queues, row.size)
      if (queues.length === 0) return false
      const before = waiting.get(id)
      if (before !== undefined) take(id, before, null)
      out.delete(id)
      gone.delete(id)
      const own = at.length === row.ratings.length ? row.ratings : at.map((place) => row.ratings[place] as number)
      const ratings = own.length === 1 ? (own[0] as number) : own
      enter(id, { version, queues, ratings, size: row.size, sinceMs: row.waitingSince, front: row.front })
      return true
    },

    /** Whether this version of the entry, or a later one, was met here. */
    isKnown(id: EntryId, version: number): boolean {
      const known = waiting.get(id) ?? out.get(id) ?? gone.get(id)
      return known !== undefined && known.version >= version
    },

    /** It waits no longer, whatever the reason. */
    drop(id: EntryId, now: number): void {
      const entry = waiting.get(id)
      if (entry !== undefined) take(id, entry, null)
      const known = entry ?? out.get(id)
      out.delete(id)
      if (known !== undefined) remember(id, known.version, now)
    },

    /** The entries of these matches are out until they are given back or dropped. */
    async pass(queue: string, now: number, matchesMax: number): Promise<{ matches: Match[]; found: number }> {
      const figure = figures.get(queue)
      if (figure !== undefined) figure.changed = false
      const found = await indexes.pass(queue, now, matchesMax)
      const matches: Match[] = []
      for (const match of found) {
        const ids = match.teams.flat() as EntryId[]
        const whole = ids.every((id) => waiting.has(id))
        for (const id of ids) {
          const entry = waiting.get(id)
          // While the pass ran elsewhere one of them may have left; the others go back to where they were.
          if (entry === undefined) continue
          take(id, entry, queue)
          if (whole) out.set(id, entry)
          else enter(id, entry)
        }
        if (whole) matches.push(match)
      }
      return { matches, found: found.length }
    },

    giveBack,
    /** The rows say that it is matched. */
    matched(id: EntryId, now: number): void {
      const entry = out.get(id)
      if (entry === undefined) return
      out.delete(id)
      remember(id, entry.version, now)
    },
    /** There is a queue here in which such an entry can wait. */
    knows: ({ queues, size }: Pick<Waiter, 'queues' | 'size'>): boolean => listOf(queues, size).queues.length > 0,
    isOut: (id: EntryId): boolean => out.has(id),
    has: (id: EntryId): boolean => waiting.has(id),
    sinceOf: (id: EntryId): number | null => (waiting.get(id) ?? out.get(id))?.sinceMs ?? null,
    queuesOf: (id: EntryId): readonly string[] | null => waiting.get(id)?.queues ?? null,
    why: (queue: string, id: EntryId, now: number) => indexes.why(queue, id, now),
    /** Has the indexes kept elsewhere from now on. */
    moveTo(others: Indexes): void {
      const before = indexes
      indexes = others
      for (const [id, entry] of waiting) index(id, entry)
      before.close()
    },
    /** Somebody came or came back since the last pass. */
    hasChanged: (queue: string): boolean => figures.get(queue)?.changed ?? false,
    entriesIn: (queue: string): number => figures.get(queue)?.entries ?? 0,
    playersIn: (queue: string): number => figures.get(queue)?.players ?? 0,
    get entries(): number {
      return waiting.size
    },
    close: () => indexes.close(),
  }
}

export type Pool = ReturnType<typeof createPool>
