import type { MatchId, PlayerId, SessionId } from '@muster/protocol'
import type { Db, Tx } from '../../platform/db.ts'
import type { Seat, SeatChange } from './seats.ts'
import type { KeptSession, Move, NewSession, SessionStore, StampedTicket } from './store.ts'

export interface SessionStoreGround extends AsyncDisposable {
  db: Db
  store: SessionStore
  /** Resolves once so many transactions wait for others. */
  untilWaiting(count: number): PromiseLike<void>
}

type Verb<T> = (tx: Tx, store: SessionStore) => Promise<T>

/** What the tests do with whatever store is under test. */
export interface Hands {
  run<T>(verb: Verb<T>): Promise<T>
  once<T>(verb: Verb<T>): Promise<T>
  insert(one: NewSession): Promise<{ id: SessionId; fresh: boolean }>
  move(id: SessionId, ...moves: Move[]): Promise<boolean[]>
  end(id: SessionId, at?: number): Promise<boolean>
  read(id: SessionId): Promise<KeptSession>
  change(id: SessionId, ...seats: SeatChange[]): Promise<void>
  stamp(player: PlayerId, now?: number): Promise<StampedTicket | null>
  /** The first session, in progress, with these seats. */
  playing(...seats: Seat[]): Promise<void>
  untilWaiting: SessionStoreGround['untilWaiting']
}

export const ann: PlayerId = 'player_ann'
export const bob: PlayerId = 'player_bob'
export const s1: SessionId = 'session_1'
export const s2: SessionId = 'session_2'
export const s3: SessionId = 'session_3'

export const seat = (player: PlayerId, over: Partial<Seat> = {}): Seat => ({
  ...{ player, nick: player.slice('player_'.length), guest: false, team: 0, role: 'player' },
  ...{ origin: { kind: 'entry', id: `entry_${player}` }, state: 'expected' },
  ...{ slot: false, slotEndsAt: null, ticketEndsAt: null, joinedAt: null, gaveUpAt: null, erased: false },
  ...over,
})
export const session = (id: SessionId, over: Partial<NewSession> = {}): NewSession => ({
  ...{ id, kind: 'match', mode: 'duel', match: id.replace('session', 'match') as MatchId, region: 'eu', board: 'duel' },
  ...{
    settings: { map: 'hill' },
    door: 'closed',
    playersMax: null,
    requestedAt: 1_000,
    deadlineAt: 6_000,
    ticketLifeMs: 60_000,
  },
  seats: [seat(bob), seat(ann, { team: 1 })],
  ...over,
})
export const served = { server: 'server_1', instance: 'run_1', host: 'host', port: 7_000 }
export const toPreparing: Move = { from: 'requested', to: 'preparing', at: 2_000, deadlineAt: 9_000, served }
export const toLoading: Move = { from: 'preparing', to: 'loading', at: 3_000, deadlineAt: 9_500 }
export const toPlay: Move = { from: 'loading', to: 'in_progress', at: 4_000, deadlineAt: 90_000, chosen: { level: 3 } }

export function handsOf(ground: () => SessionStoreGround): Hands {
  const run: Hands['run'] = (verb) => ground().db.transact((tx) => verb(tx, ground().store))
  const once: Hands['once'] = (verb) => ground().db.once((tx) => verb(tx, ground().store))
  const hands: Hands = {
    run,
    once,
    insert: (one) => run((tx, store) => store.insert(tx, one)),
    move: (id, ...moves) =>
      run(async (tx, store) => {
        const moved: boolean[] = []
        for (const one of moves) moved.push(await store.move(tx, id, one))
        return moved
      }),
    end: (id, at = 5_000) =>
      run((tx, store) => store.end(tx, id, { state: 'cancelled', cause: 'no_server', detail: 'full', at })),
    async read(id) {
      const [found] = await once((tx, store) => store.read(tx, [id]))
      if (found === undefined) throw new Error(`${id} is not kept.`)
      return found
    },
    change: (id, ...seats) => run((tx, store) => store.changeSeats(tx, id, seats)),
    async stamp(player, now = 10_500) {
      const seats = [{ session: s1, player }]
      const stamped = await once((tx, store) => store.stampTickets(tx, { seats, now, clockSlackMs: 5_000 }))
      return stamped[0] ?? null
    },
    async playing(...seats) {
      await hands.insert(session(s1, { seats }))
      await hands.move(s1, toPreparing, toLoading, toPlay)
    },
    untilWaiting: (count) => ground().untilWaiting(count),
  }
  return hands
}
