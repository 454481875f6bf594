import { type EntryId, type Entry as EntryText, type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { Activity } from './activity.ts'
import { partiesOf } from './domain.ts'
import { type Extras, entryText, type Reading, revisionOf, statusOf, toldOf } from './entry-text.ts'
import type { Follower } from './follower.ts'
import type { MatchmakingNeeds, Places } from './needs.ts'
import type { MatchmakingStore } from './store.ts'
import type { QueueWaits } from './waits.ts'
import type { WhyAsking } from './why-asking.ts'

export interface ReadingNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  store: Pick<MatchmakingStore, 'entriesOf' | 'matchesOf' | 'matchesOfSessions' | 'lastEntryOf'>
  places: Pick<Places, 'of'>
  admissionOf: MatchmakingNeeds['admissionOf']
  follower: Follower
  activity: Activity
  waits: QueueWaits
  why: WhyAsking
  pollsOpen(count: number): void
}

export interface Poll {
  waitMs: number
  /** What the last answer was, if the caller says. */
  after?: string
  signal?: AbortSignal
}

const readTogetherMax = 2_000
const readsWaitingMax = 200_000
/** A caller that does not say what it has seen is held so long where it was told the same before, lest it asks without a
 *  pause. */
const holdMs = 1_000
/** Players of whom this process remembers what they were told last. */
const rememberedMax = 20_000

/**
 * Tells players where their entry stands, at once or when it changes.
 *
 * A caller that polls in a loop sends the `revision` of the last answer back as `after`: whatever changed in between is
 * answered at once, and nothing else is. One that does not say what it has seen waits while its entry searches; any other
 * state may be news and is answered at once, but the same one again only after a second. So no state is missed, and
 * nobody spins.
 */
export function createReading(needs: ReadingNeeds, options: { rereadMs: number; pollsMax: number }) {
  const { clock, db, wakes, store, places, follower, activity } = needs
  const toldLast = new Map<PlayerId, string>()
  let polls = 0

  function remember(player: PlayerId, revision: string): void {
    toldLast.delete(player)
    toldLast.set(player, revision)
    const [oldest] = toldLast.keys()
    if (toldLast.size > rememberedMax && oldest !== undefined) toldLast.delete(oldest)
  }

  const read = gather<EntryId, Reading | null>(
    clock,
    {
      ...{ delayMs: 0, batchMax: readTogetherMax, waitingMax: readsWaitingMax },
      refuse: () => new Refusal('BUSY', { retryAfterS: 1 }),
    },
    (ids) =>
      db.once(async (tx) => {
        const entries = new Map((await store.entriesOf(tx, ids)).map((entry) => [entry.id, entry]))
        const wanted = [...entries.values()].flatMap(({ match }) => (match === null ? [] : [match]))
        const matches = new Map((await store.matchesOf(tx, wanted)).map((match) => [match.id, match]))
        return ids.map((id) => {
          const entry = entries.get(id)
          return entry === undefined
            ? null
            : { entry, match: entry.match === null ? null : (matches.get(entry.match) ?? null) }
        })
      }),
  )

  async function entryOfSession(player: PlayerId, session: SessionId): Promise<EntryId | null> {
    const [match] = await db.once((tx) => store.matchesOfSessions(tx, [session]))
    const party = match && partiesOf(match).find(({ players }) => players.some((seat) => seat.player === player))
    return party?.entry ?? null
  }

  /** The last entry that is over. */
  async function lastOf(player: PlayerId): Promise<Reading | null> {
    const id = await db.once((tx) => store.lastEntryOf(tx, player))
    const last = id === null ? null : await read(id)
    if (last === null || last.entry.state === 'closed') return last
    // Its session may have ended just now, and let the player go before the news of it is here.
    if (last.match !== null) await follower.follow([last.match])
    const anew = await read(last.entry.id)
    // Else the player has left a match that the others still play.
    return anew?.entry.state === 'closed' ? anew : null
  }

  /** The entry that the player waits or plays in, or else the last one. */
  async function find(player: PlayerId): Promise<Reading | null> {
    const place = (await places.of([player])).get(player)
    if (place?.kind === 'entry') return read(place.id as EntryId)
    const playing = place === undefined ? null : await entryOfSession(player, place.id as SessionId)
    return playing === null ? lastOf(player) : read(playing)
  }

  async function current(player: PlayerId): Promise<Reading> {
    const reading = await find(player)
    if (reading === null) throw new Refusal('ENTRY_NOT_FOUND')
    activity.seen(reading.entry)
    return reading
  }

  async function estimateOf(queues: readonly string[]): Promise<number | null> {
    const news = await needs.waits.read()
    const known = queues.flatMap((queue) => news.get(queue)?.estimateS ?? [])
    return known.length === 0 ? null : Math.min(...known)
  }

  async function admissionOf(
    { match }: Reading,
    player: PlayerId,
  ): Promise<Pick<Extras, 'match' | 'ticket' | 'connect_token'> | null> {
    if (match === null || match.session === null) return null
    const admission = await needs.admissionOf(match.session, player)
    return admission && toldOf(admission)
  }

  async function show(reading: Reading, player: PlayerId, signal?: AbortSignal): Promise<EntryText> {
    const status = statusOf(reading)
    const estimate_s = status === 'searching' ? await estimateOf(reading.entry.queues) : null
    if (status === 'searching') {
      return entryText(reading, player, { estimate_s, why: await needs.why.of(reading.entry, signal) })
    }
    if (status !== 'match_confirmed') return entryText(reading, player, { estimate_s })
    const admission = await admissionOf(reading, player)
    if (admission !== null) return entryText(reading, player, { estimate_s, ...admission })
    // The session may have ended just now, and its news be on the way.
    if (reading.match !== null) await follower.follow([reading.match])
    const anew = await read(reading.entry.id)
    if (anew === null || statusOf(anew) === 'match_confirmed') return entryText(reading, player, { estimate_s })
    return show(anew, player, signal)
  }

  /** Resolves when the entry is at another revision than `seen`, or the wait is over. */
  async function awaitChange(first: Reading, player: PlayerId, seen: string, poll: Poll): Promise<Reading> {
    const endsAt = clock.now() + poll.waitMs
    const isOver = () => clock.now() >= endsAt || poll.signal?.aborted === true
    let reading = first
    while (revisionOf(reading) === seen && !isOver()) {
      // Listens first and reads then, so that nothing can happen in between.
      const wait = wakes.wait('player', player, Math.min(options.rereadMs, endsAt - clock.now()), poll.signal)
      try {
        reading = (await read(reading.entry.id)) ?? reading
        if (revisionOf(reading) === seen) await wait.over
      } finally {
        wait.end()
      }
    }
    activity.seen(reading.entry)
    // Meanwhile the player may have left this entry and begun another.
    return reading.entry.state === 'closed' ? current(player) : reading
  }

  return {
    read,
    current,
    estimateOf,
    show,
    /** The player's entry, as `poll` says. */
    async poll(player: PlayerId, poll: Poll): Promise<EntryText> {
      const reading = await current(player)
      const revision = revisionOf(reading)
      const seen = poll.after ?? revision
      const mayBeNews = poll.after === undefined && reading.entry.state !== 'searching'
      const isNews = seen !== revision || (mayBeNews && toldLast.get(player) !== revision)
      const waitMs = isNews ? 0 : mayBeNews ? Math.min(poll.waitMs, holdMs) : poll.waitMs
      if (poll.after === undefined) remember(player, revision)
      if (waitMs <= 0) return show(reading, player, poll.signal)
      if (polls >= options.pollsMax) throw new Refusal('BUSY', { retryAfterS: 2 })
      needs.pollsOpen(++polls)
      try {
        const changed = await awaitChange(reading, player, seen, { ...poll, waitMs })
        if (poll.after === undefined) remember(player, revisionOf(changed))
        return await show(changed, player, poll.signal)
      } finally {
        needs.pollsOpen(--polls)
      }
    },
  }
}

export type Readings = ReturnType<typeof createReading>
