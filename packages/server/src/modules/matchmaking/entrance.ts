import { type EntryId, type PlayerId, Refusal } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { MatchmakingOptions } from './config.ts'
import type { Asks, Entry } from './domain.ts'
import type { Figures } from './figures.ts'
import type { MatchmakingNeeds, Place, Places } from './needs.ts'
import type { Queue, Queues } from './queues.ts'
import type { MatchmakingStore } from './store.ts'
import type { QueueWaits } from './waits.ts'

export interface Join {
  /** The same again when a request is repeated. */
  id: EntryId
  player: PlayerId
  guest: boolean
  queues: string[]
  asks: Asks | null
}

export interface EntranceNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  store: Pick<MatchmakingStore, 'pausesOf' | 'addEntries' | 'entriesOf'>
  queues: Queues
  places: Pick<Places, 'claim' | 'release'>
  ratingsOf: MatchmakingNeeds['ratingsOf']
  waits: QueueWaits
  figures: Figures
  /** Takes in new entries if this process matches. */
  admit(entries: readonly Entry[]): boolean
}

interface Ask extends Join {
  found: Queue[]
}

/** Where nothing is rated, everybody is alike. */
const unrated = 0
const ratingsTogetherMax = 1_000

/**
 * Lets players in. Joins that come within a moment are written together: one statement claims the places of all, one
 * writes all their entries, and one commit makes them last.
 */
export function createEntrance(
  needs: EntranceNeeds,
  options: Pick<MatchmakingOptions, 'joinGatherMs' | 'joinBatchMax' | 'joinsWaitingMax' | 'entriesMax'>,
) {
  const { clock, db, wakes, store, queues, places, waits, figures } = needs

  /** By board and player. */
  async function ratingsFor(asks: readonly Ask[]): Promise<(board: string, player: PlayerId) => number> {
    const wanted = new Map<string, Set<PlayerId>>()
    for (const { found, player } of asks) {
      for (const { board } of found) if (board !== null) wanted.set(board, (wanted.get(board) ?? new Set()).add(player))
    }
    const known = new Map<string, Map<PlayerId, { points: number }>>()
    for (const [board, players] of wanted) {
      const all = new Map<PlayerId, { points: number }>()
      const list = [...players]
      for (let at = 0; at < list.length; at += ratingsTogetherMax) {
        for (const [player, rating] of await needs.ratingsOf(board, list.slice(at, at + ratingsTogetherMax))) {
          all.set(player, rating)
        }
      }
      known.set(board, all)
    }
    return (board, player) => {
      const points = known.get(board)?.get(player)?.points
      return Number.isFinite(points) ? (points as number) : unrated
    }
  }

  const entryOf = ({ id, player, queues: names, asks }: Ask, ratings: number[], now: number): Entry => ({
    id,
    players: [player],
    queues: names,
    ratings,
    state: 'searching',
    reason: null,
    match: null,
    version: 1,
    waitingSince: now,
    front: false,
    createdAt: now,
    seenAt: now,
    asks,
  })

  /** One answer for each, in order. */
  async function write(tx: Tx, asks: readonly Ask[], entries: readonly Entry[]): Promise<(Entry | Refusal)[]> {
    const now = clock.now()
    const pauses = await store.pausesOf(
      tx,
      asks.map(({ player }) => player),
      now,
    )
    const first = new Map<PlayerId, EntryId>()
    for (const { player, id } of asks) if (!pauses.has(player) && !first.has(player)) first.set(player, id)
    const refused = await places.claim(
      tx,
      [...first].map(([player, id]) => ({ player, place: { kind: 'entry', id } })),
    )
    const elsewhere = new Map(refused.map(({ player, place }) => [player, place]))
    const answers = asks.map(({ player, id }, at): Entry | Refusal => {
      const pausedUntil = pauses.get(player)
      if (pausedUntil !== undefined) return paused(pausedUntil - now)
      const place = elsewhere.get(player)
      if (place !== undefined) return occupied(place)
      if (first.get(player) !== id) return new Refusal('ALREADY_SEARCHING')
      return entries[at] as Entry
    })
    const admitted = answers.flatMap((answer) => (answer instanceof Refusal ? [] : [answer]))
    const added = new Set(await store.addEntries(tx, admitted))
    const repeated = new Set(admitted.filter(({ id }) => !added.has(id)))
    return repeated.size === 0 ? answers : recall(tx, answers, repeated)
  }

  /** A request that comes again, because its answer was lost, is answered with what has become of its entry. */
  async function recall(tx: Tx, answers: (Entry | Refusal)[], repeated: ReadonlySet<Entry>): Promise<typeof answers> {
    const ids = [...repeated].map(({ id }) => id)
    const rows = new Map((await store.entriesOf(tx, ids)).map((row) => [row.id, row]))
    const closed = [...rows.values()].filter(({ state }) => state === 'closed')
    await places.release(
      tx,
      closed.flatMap(({ id, players }) => players.map((player) => ({ player, place: { kind: 'entry', id } }))),
    )
    return answers.map((answer) =>
      answer instanceof Refusal || !repeated.has(answer) ? answer : (rows.get(answer.id) ?? answer),
    )
  }

  const joinTogether = gather<Ask, Entry | Refusal>(
    clock,
    {
      ...{ delayMs: options.joinGatherMs, batchMax: options.joinBatchMax, waitingMax: options.joinsWaitingMax },
      refuse: () => new Refusal('BUSY', { retryAfterS: 1 }),
    },
    async (asks) => {
      const ratingOf = await ratingsFor(asks)
      const now = clock.now()
      const entries = asks.map((ask) => {
        const ratings = ask.found.map(({ board }) => (board === null ? unrated : ratingOf(board, ask.player)))
        return entryOf(ask, ratings, now)
      })
      const answers = await db.transact((tx) => write(tx, asks, entries))
      const made = answers.flatMap((answer) =>
        answer instanceof Refusal || answer.state !== 'searching' || answer.version > 1 ? [] : [answer],
      )
      for (const entry of made) figures.joined(entry.queues)
      if (made.length > 0 && !needs.admit(made)) {
        wakes.wake(
          'queue',
          made.map(({ id }) => id),
        )
      }
      return answers
    },
  )

  return {
    async join(join: Join): Promise<Entry> {
      const found = queues.admit(join.queues, join.guest)
      const news = await waits.read()
      const waiting = [...news.values()].reduce((sum, queue) => sum + queue.players, 0)
      if (waiting >= options.entriesMax) throw new Refusal('BUSY', { retryAfterS: 5 })
      const answer = await joinTogether({ ...join, found })
      if (answer instanceof Refusal) throw answer
      return answer
    },
  }
}

export type Entrance = ReturnType<typeof createEntrance>

function paused(leftMs: number): Refusal {
  const retryAfterS = Math.ceil(leftMs / 1_000)
  return new Refusal('PAUSED', {
    detail: `You declined, left or missed matches. You may search again in ${retryAfterS} s.`,
    retryAfterS,
  })
}

const occupied = (place: Place): Refusal =>
  new Refusal(place.kind === 'entry' ? 'ALREADY_SEARCHING' : 'ALREADY_PLAYING')
