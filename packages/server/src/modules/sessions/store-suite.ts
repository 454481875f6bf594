import type { MatchId, PlayerId, SessionId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Db } from '../../platform/db.ts'
import type { Seat } from './seats.ts'
import type { Move, NewSession, SessionStore } from './store.ts'

export interface SessionStoreGround extends AsyncDisposable {
  db: Db
  store: SessionStore
}

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'
const s1: SessionId = 'session_1'
const s2: SessionId = 'session_2'
const s3: SessionId = 'session_3'

const seat = (player: PlayerId, over: Partial<Seat> = {}): Seat => ({
  ...{ player, nick: player.slice('player_'.length), guest: false, team: 0, role: 'player' },
  ...{ origin: { kind: 'entry', id: `entry_${player}` }, state: 'expected' },
  ...{ slot: false, slotEndsAt: null, ticketEndsAt: null, joinedAt: null, gaveUpAt: null, erased: false },
  ...over,
})
const session = (id: SessionId, over: Partial<NewSession> = {}): NewSession => ({
  ...{ id, kind: 'match', mode: 'duel', match: id.replace('session', 'match') as MatchId, region: 'eu', board: 'duel' },
  ...{ settings: { map: 'hill' }, door: 'closed', requestedAt: 1_000, deadlineAt: 6_000, ticketLifeMs: 60_000 },
  seats: [seat(bob), seat(ann, { team: 1 })],
  ...over,
})
const served = { server: 'server_1', instance: 'run_1', host: 'host', port: 7_000 }
const toPreparing: Move = { from: 'requested', to: 'preparing', at: 2_000, deadlineAt: 9_000, served }
const toLoading: Move = { from: 'preparing', to: 'loading', at: 3_000, deadlineAt: 9_500 }
const toPlay: Move = { from: 'loading', to: 'in_progress', at: 4_000, deadlineAt: 90_000, chosen: { level: 3 } }

/** What every store of sessions keeps to, whatever it is made of. */
export function sessionStoreSuite(name: string, open: () => Promise<SessionStoreGround>): void {
  describe(`session store: ${name}`, () => {
    let ground: SessionStoreGround
    let db: Db
    let store: SessionStore
    beforeEach(async () => {
      ground = await open()
      db = ground.db
      store = ground.store
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const insert = (one: NewSession) => db.transact((tx) => store.insert(tx, one))
    const move = (id: SessionId, ...moves: Move[]) =>
      db.transact(async (tx) => {
        const moved: boolean[] = []
        for (const one of moves) moved.push(await store.move(tx, id, one))
        return moved
      })
    const end = (id: SessionId, at = 5_000) =>
      db.transact((tx) => store.end(tx, id, { state: 'cancelled', cause: 'no_server', detail: 'full', at }))
    const read = async (id: SessionId) => {
      const [found] = await db.once((tx) => store.read(tx, [id]))
      if (found === undefined) throw new Error(`${id} is not kept.`)
      return found
    }
    const change = (id: SessionId, ...seats: Seat[]) => db.transact((tx) => store.changeSeats(tx, id, seats))
    const stampAll = (players: PlayerId[], now: number) => {
      const seats = players.map((player) => ({ session: s1, player }))
      return db.once((tx) => store.stampTickets(tx, { seats, now, clockSlackMs: 5_000 }))
    }
    const stamp = async (player: PlayerId, now = 10_500) => (await stampAll([player], now))[0] ?? null
    const playing = async (...seats: Seat[]) => {
      await insert(session(s1, { seats }))
      await move(s1, toPreparing, toLoading, toPlay)
    }

    it('keeps a session as it was given, with its seats in their order', async () => {
      expect(await insert(session(s1))).toEqual({ id: s1, fresh: true })
      const { deadlineAt, ticketLifeMs, ...given } = session(s1)
      expect(await read(s1)).toEqual({
        ...given,
        ...{ state: 'requested', cause: null, detail: null, chosen: null, told: false, playersSeq: 0, deadlineAt },
        ...{ server: null, instance: null, host: null, port: null },
        ...{ loadingAt: null, startedAt: null, endedAt: null },
      })
      expect(await db.transact((tx) => store.lock(tx, s1))).toEqual(await read(s1))
      expect(ticketLifeMs).toBe(60_000)
    })

    it('keeps one session for one match', async () => {
      await insert(session(s1))
      const again = session(s2, { match: 'match_1', seats: [seat('player_eve')] })
      expect(await insert(again)).toEqual({ id: s1, fresh: false })
      expect((await read(s1)).seats.map(({ player }) => player)).toEqual([bob, ann])
      expect(await db.once((tx) => store.read(tx, [s2]))).toEqual([])
    })

    it('keeps any number of sessions without a match', async () => {
      await insert(session(s1, { match: null }))
      expect(await insert(session(s2, { match: null }))).toEqual({ id: s2, fresh: true })
    })

    it('keeps one session for one match that many ask for at once', async () => {
      const ids = Array.from({ length: 8 }, (_, index): SessionId => `session_race${index}`)
      const answers = await Promise.all(ids.map((id) => insert(session(id, { match: 'match_race' }))))
      expect(new Set(answers.map((answer) => answer.id)).size).toBe(1)
      expect(answers.filter((answer) => answer.fresh).length).toBe(1)
    })

    it('moves on only from where it is', async () => {
      await insert(session(s1))
      expect(await move(s1, toPreparing)).toEqual([true])
      expect(await read(s1)).toMatchObject({ state: 'preparing', deadlineAt: 9_000, ...served, loadingAt: null })
      expect(await move(s1, toPreparing)).toEqual([false])
      expect(await move(s1, { ...toLoading, served: { port: 7_777 } })).toEqual([true])
      expect(await read(s1)).toMatchObject({ state: 'loading', loadingAt: 3_000, host: 'host', port: 7_777 })
      expect(await move(s1, toPlay)).toEqual([true])
      expect(await read(s1)).toMatchObject({ state: 'in_progress', startedAt: 4_000, chosen: { level: 3 } })
    })

    it('closes the door when play begins', async () => {
      await insert(session(s1, { kind: 'private', door: 'open' }))
      await move(s1, toPreparing, toLoading)
      expect((await read(s1)).door).toBe('open')
      await move(s1, toPlay)
      expect((await read(s1)).door).toBe('closed')
    })

    it('ends once, and takes every slot with it', async () => {
      await playing(seat(ann, { slot: true, slotEndsAt: 50 }), seat(bob, { slot: true }))
      expect(await end(s1)).toBe(true)
      expect(await end(s1, 7_000)).toBe(false)
      expect(await move(s1, toPlay)).toEqual([false])
      const ended = await read(s1)
      expect(ended).toMatchObject({ state: 'cancelled', cause: 'no_server', detail: 'full', endedAt: 5_000 })
      expect(ended.deadlineAt).toBeNull()
      expect(ended.seats).toMatchObject([
        { slot: false, slotEndsAt: null },
        { slot: false, slotEndsAt: null },
      ])
    })

    it('holds a locked session for one at a time', async () => {
      await insert(session(s1))
      let count = 0
      await Promise.all(
        Array.from({ length: 6 }, () =>
          db.transact(async (tx) => {
            await store.lock(tx, s1)
            const before = count
            await store.read(tx, [s1])
            count = before + 1
          }),
        ),
      )
      expect(count).toBe(6)
    })

    it('changes the named seats, and no other', async () => {
      await insert(session(s1))
      const changed = seat(ann, {
        ...{ team: 1, state: 'left', slot: true, slotEndsAt: 70, ticketEndsAt: 60, joinedAt: 5, gaveUpAt: 6 },
        erased: true,
      })
      await change(s1, changed)
      expect((await read(s1)).seats).toEqual([seat(bob), changed])
    })

    it('remembers the newest report of players', async () => {
      await insert(session(s1))
      for (const seq of [7, 3]) await db.transact((tx) => store.told(tx, s1, seq))
      expect(await read(s1)).toMatchObject({ told: true, playersSeq: 7 })
    })

    it('keeps the first choice of the server', async () => {
      await insert(session(s1))
      for (const level of [1, 2]) await db.transact((tx) => store.choose(tx, s1, { level }))
      expect((await read(s1)).chosen).toEqual({ level: 1 })
    })

    it('stamps a ticket on a seat that holds a slot', async () => {
      await playing(seat(ann, { slot: true, nick: 'Ann', team: 2, role: 'host' }), seat(bob))
      const said = { nick: 'Ann', guest: false, team: 2, role: 'host' }
      const ticket = { session: s1, player: ann, ...served, mode: 'duel', ...said, endsAt: 70_000 }
      expect(await stamp(ann)).toEqual(ticket)
      expect((await read(s1)).seats[0]).toMatchObject({ ticketEndsAt: 70_000, slotEndsAt: null })
      expect(await stamp(bob)).toBeNull()
      expect(await stamp('player_eve')).toBeNull()
    })

    it('stamps many tickets at once, and passes over a seat that is busy', async () => {
      const cat: PlayerId = 'player_cat'
      await playing(seat(ann, { slot: true }), seat(bob, { slot: true }))
      await insert(session(s2, { seats: [seat(cat, { slot: true })] }))
      await move(s2, toPreparing, toLoading)
      const seats = [
        { session: s1, player: ann },
        { session: s2, player: cat },
        { session: s1, player: bob },
        { session: s1, player: ann },
        { session: s2, player: ann },
      ]
      const stampThem = async () => {
        const stamped = await db.once((tx) => store.stampTickets(tx, { seats, now: 1, clockSlackMs: 0 }))
        return stamped.map(({ session: id, player }) => `${id} ${player}`).sort()
      }
      const [first, second, third] = [`${s1} ${ann}`, `${s1} ${bob}`, `${s2} ${cat}`]
      expect(await stampThem()).toEqual([first, second, third])
      await db.transact(async (tx) => {
        await store.lock(tx, s1)
        expect(await stampThem()).toEqual([third])
        const own = await store.stampTickets(tx, { seats, now: 1, clockSlackMs: 0 })
        expect(own.length).toBe(3)
      })
    })

    it('keeps a slot for as long as a ticket is out', async () => {
      await playing(seat(ann, { slot: true, state: 'left', slotEndsAt: 20_000 }))
      await stamp(ann)
      expect((await read(s1)).seats[0]).toMatchObject({ ticketEndsAt: 70_000, slotEndsAt: 75_000 })
      await stamp(ann, 1_000)
      expect((await read(s1)).seats[0]).toMatchObject({ ticketEndsAt: 70_000, slotEndsAt: 75_000 })
    })

    it('stamps no ticket for who gave up, before the server is ready, or after the end', async () => {
      await insert(session(s1, { seats: [seat(ann, { slot: true }), seat(bob, { slot: true, gaveUpAt: 5 })] }))
      expect(await stamp(ann)).toBeNull()
      await move(s1, toPreparing)
      expect(await stamp(ann)).toBeNull()
      await move(s1, toLoading)
      expect(await stamp(ann)).not.toBeNull()
      expect(await stamp(bob)).toBeNull()
      await end(s1)
      expect(await stamp(ann)).toBeNull()
    })

    it('finds what is due, longest first, and nothing that has ended', async () => {
      await insert(session(s1, { deadlineAt: 6_000 }))
      await insert(session(s2, { deadlineAt: 5_000 }))
      await insert(session(s3, { deadlineAt: 4_000 }))
      await end(s3)
      const due = (now: number, limit = 10) => db.once((tx) => store.due(tx, now, limit))
      expect((await due(4_999)).map(({ id }) => id)).toEqual([])
      expect((await due(6_000)).map(({ id }) => id)).toEqual([s2, s1])
      expect((await due(6_000, 1)).map(({ id }) => id)).toEqual([s2])
      expect(await due(5_000)).toEqual([{ id: s2, mode: 'duel', region: 'eu', state: 'requested', deadlineAt: 5_000 }])
    })

    it('finds those that wait for a server, and those that run on one', async () => {
      await insert(session(s1, { requestedAt: 3_000 }))
      await insert(session(s2, { requestedAt: 2_000 }))
      await insert(session(s3))
      await move(s2, toPreparing)
      await move(s3, toPreparing, toLoading)
      const opening = await db.once((tx) => store.opening(tx, 10))
      expect(opening.map(({ id }) => id)).toEqual([s2, s1])
      await move(s2, toLoading, toPlay)
      const from = (after: SessionId | null, limit = 10) => db.once((tx) => store.served(tx, after, limit))
      expect((await from(null)).map(({ id, state }) => `${id} ${state}`)).toEqual([
        'session_2 in_progress',
        'session_3 loading',
      ])
      expect((await from(null, 1)).map(({ id }) => id)).toEqual([s2])
      expect((await from(s2)).map(({ id }) => id)).toEqual([s3])
      expect((await db.once((tx) => store.glance(tx, [s1, s3, 'session_no']))).length).toBe(2)
      expect(await db.once((tx) => store.countLive(tx))).toEqual(
        new Map([
          ['requested', 1],
          ['in_progress', 1],
          ['loading', 1],
        ]),
      )
    })

    it('finds sessions with a slot to give back', async () => {
      await playing(seat(ann, { slot: true, slotEndsAt: 100 }), seat(bob, { slot: true, slotEndsAt: 90 }))
      await insert(session(s2, { seats: [seat('player_cat', { slot: true })] }))
      const due = (now: number) => db.once((tx) => store.slotsDue(tx, now, 10))
      expect(await due(89)).toEqual([])
      expect(await due(100)).toEqual([s1])
      await change(s1, seat(ann), seat(bob))
      expect(await due(100)).toEqual([])
    })

    it('keeps late news up to its maximum', async () => {
      await insert(session(s1))
      await end(s1)
      for (const at of [1, 2, 3]) {
        await db.transact((tx) => store.keepLate(tx, s1, { kind: 'players', body: { joined: [ann] }, at }, 2))
      }
      expect(await db.once((tx) => store.lateReports(tx, s1))).toEqual([
        { kind: 'players', body: { joined: [ann] }, at: 1 },
        { kind: 'players', body: { joined: [ann] }, at: 2 },
      ])
    })

    it('removes what ended long ago, a batch at a time, with all that belongs to it', async () => {
      for (const [id, at] of [
        [s1, 100],
        [s2, 200],
        [s3, 300],
      ] as const) {
        await insert(session(id))
        await end(id, at)
      }
      await insert(session('session_4'))
      await db.transact((tx) => store.keepLate(tx, s1, { kind: 'ready', body: null, at: 1 }, 2))
      const remove = (before: number, limit: number) => db.once((tx) => store.removeEnded(tx, before, limit))
      expect(await remove(300, 1)).toBe(1)
      expect(await remove(300, 5)).toBe(1)
      expect(await remove(300, 5)).toBe(0)
      expect((await db.once((tx) => store.seatsOf(tx, ann))).map(({ id }) => id)).toEqual([s3, 'session_4'])
      expect(await db.once((tx) => store.lateReports(tx, s1))).toEqual([])
    })

    it('tells the seats of a player', async () => {
      await playing(seat(ann, { joinedAt: 5, state: 'joined' }))
      expect(await db.once((tx) => store.seatsOf(tx, ann))).toEqual([
        {
          ...{ id: s1, kind: 'match', mode: 'duel', state: 'in_progress' },
          ...{ requestedAt: 1_000, startedAt: 4_000, endedAt: null },
          seat: { nick: 'ann', team: 0, role: 'player', state: 'joined', joinedAt: 5, gaveUpAt: null },
        },
      ])
    })

    it('forgets a player, wherever the session names one', async () => {
      await insert(session(s1, { settings: { host: ann, first: bob } }))
      await move(s1, toPreparing, toLoading, { ...toPlay, chosen: { captain: ann } })
      await db.transact((tx) =>
        store.end(tx, s1, { state: 'abandoned', cause: 'reported', detail: `${ann} quit`, at: 9 }),
      )
      await db.transact((tx) => store.keepLate(tx, s1, { kind: 'players', body: { left: [ann, bob] }, at: 10 }, 5))
      await db.transact((tx) => store.forget(tx, s1, ann))
      const kept = await read(s1)
      expect(kept.seats.map(({ player, nick, origin }) => [player, nick, origin === null])).toEqual([
        [bob, 'bob', false],
        ['player_erased1', 'erased', true],
      ])
      expect(kept).toMatchObject({ detail: 'player_erased1 quit', settings: { host: 'player_erased1', first: bob } })
      const late = await db.once((tx) => store.lateReports(tx, s1))
      expect(JSON.stringify([kept, late])).not.toContain('ann')
      expect(await db.once((tx) => store.seatsOf(tx, ann))).toEqual([])
    })

    it('changes nothing where the transaction comes to nothing', async () => {
      const failed = new Error('planted')
      await insert(session(s1))
      await expect(
        db.transact(async (tx) => {
          await store.insert(tx, session(s2))
          await store.move(tx, s1, toPreparing)
          await store.changeSeats(tx, s1, [seat(ann, { slot: true })])
          throw failed
        }),
      ).rejects.toBe(failed)
      expect(await read(s1)).toMatchObject({ state: 'requested', seats: [seat(bob), seat(ann, { team: 1 })] })
      expect(await db.once((tx) => store.read(tx, [s2]))).toEqual([])
    })
  })
}
