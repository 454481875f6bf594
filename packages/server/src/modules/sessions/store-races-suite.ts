import type { PlayerId, SessionId } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import type { Tx } from '../../platform/db.ts'
import type { SessionStore } from './store.ts'
import { ann, bob, type Hands, s1, s2, seat, session, toLoading, toPreparing } from './store-ground-suite.ts'

/** What holds while several are at it, and where one of them comes to nothing. */
export function sessionRacesSuite({
  run,
  once,
  insert,
  move,
  end,
  read,
  change,
  stamp,
  playing,
  untilWaiting,
}: Hands): void {
  describe('at the same time', () => {
    it('keeps one session for one match that many ask for at once', async () => {
      const ids = Array.from({ length: 8 }, (_, index): SessionId => `session_race${index}`)
      const answers = await Promise.all(ids.map((id) => insert(session(id, { match: 'match_race' }))))
      expect(new Set(answers.map((answer) => answer.id)).size).toBe(1)
      expect(answers.filter((answer) => answer.fresh).length).toBe(1)
    })

    it('holds a locked session for one at a time', async () => {
      await insert(session(s1))
      let count = 0
      await Promise.all(
        Array.from({ length: 6 }, () =>
          run(async (tx, store) => {
            await store.lock(tx, s1)
            const before = count
            await store.read(tx, [s1])
            count = before + 1
          }),
        ),
      )
      expect(count).toBe(6)
    })

    it('holds several sessions for one at a time, in whatever order they are asked for', async () => {
      await insert(session(s1))
      await insert(session(s2, { match: 'match_2', seats: [seat('player_eve')] }))
      let count = 0
      await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          run(async (tx, store) => {
            await store.lockAll(tx, at % 2 === 0 ? [s1, s2] : [s2, s1])
            const before = count
            await store.read(tx, [s1])
            count = before + 1
          }),
        ),
      )
      expect(count).toBe(8)
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
        const stamped = await once((tx, store) => store.stampTickets(tx, { seats, now: 1, clockSlackMs: 0 }))
        return stamped.map(({ session: id, player }) => `${id} ${player}`).sort()
      }
      const [first, second, third] = [`${s1} ${ann}`, `${s1} ${bob}`, `${s2} ${cat}`]
      expect(await stampThem()).toEqual([first, second, third])
      await run(async (tx, store) => {
        await store.lock(tx, s1)
        expect(await stampThem()).toEqual([third])
        const own = await store.stampTickets(tx, { seats, now: 1, clockSlackMs: 0 })
        expect(own.length).toBe(3)
      })
    })

    it('changes nothing where the transaction comes to nothing', async () => {
      const failed = new Error('planted')
      await insert(session(s1))
      await expect(
        run(async (tx, store) => {
          await store.insert(tx, session(s2))
          await store.move(tx, s1, toPreparing)
          await store.changeSeats(tx, s1, [seat(ann, { slot: true })])
          throw failed
        }),
      ).rejects.toBe(failed)
      expect(await read(s1)).toMatchObject({ state: 'requested', seats: [seat(bob), seat(ann, { team: 1 })] })
      expect(await once((tx, store) => store.read(tx, [s2]))).toEqual([])
    })

    it('moves on and ends once, however many try', async () => {
      await insert(session(s1))
      const moved = await Promise.all(Array.from({ length: 6 }, () => move(s1, toPreparing)))
      expect(moved.flat().filter(Boolean).length).toBe(1)
      const ended = await Promise.all(Array.from({ length: 6 }, (_, at) => end(s1, at)))
      expect(ended.filter(Boolean).length).toBe(1)
      expect((await read(s1)).endedAt).toBe(ended.indexOf(true))
    })

    it('lets nobody write to a session that another holds, and looks again when it is free', async () => {
      await insert(session(s1, { seats: [seat(ann, { slot: true }), seat(bob)] }))
      const done: string[] = []
      const others: Promise<unknown>[] = []
      const begin = (name: string, work: Promise<unknown>) =>
        others.push(work.then((said) => done.push(said === undefined ? name : `${name} ${said}`)))
      await run(async (tx, store) => {
        await store.lock(tx, s1)
        begin('move', move(s1, toPreparing))
        begin('end', end(s1))
        begin(
          'told',
          run((other, store) => store.told(other, s1, 9)),
        )
        begin(
          'choose',
          run((other, store) => store.choose(other, s1, { level: 2 })),
        )
        begin(
          'forget',
          run((other, store) => store.forget(other, s1, bob)),
        )
        begin(
          'late',
          run((other, store) => store.keepLate(other, s1, { kind: 'ready', body: null, at: 1 }, 9)),
        )
        await untilWaiting(6)
        expect(done).toEqual([])
        await store.move(tx, s1, { ...toPreparing, chosen: { level: 1 } })
      })
      await Promise.all(others)
      expect(done.sort()).toEqual(['choose', 'end true', 'forget', 'late', 'move false', 'told'])
      const kept = await read(s1)
      expect(kept).toMatchObject({ state: 'cancelled', told: true, playersSeq: 9, chosen: { level: 1 } })
      expect(kept.seats.map(({ player, slot }) => `${player} ${slot}`)).toEqual([
        `${ann} false`,
        'player_erased1 false',
      ])
    })

    it('loses no change of seats among those who hold the session', async () => {
      await insert(session(s1))
      const add = (player: PlayerId) =>
        run(async (tx, store) => {
          const seats = (await store.lock(tx, s1))?.seats ?? []
          const own = seats.find((one) => one.player === player)
          if (own !== undefined) await store.changeSeats(tx, s1, [{ ...own, joinedAt: (own.joinedAt ?? 0) + 1 }])
        })
      await Promise.all(Array.from({ length: 12 }, (_, at) => add(at % 2 === 0 ? ann : bob)))
      expect((await read(s1)).seats.map(({ joinedAt }) => joinedAt)).toEqual([6, 6])
    })

    it('ends a session after the tickets that are being stamped, and takes their slots', async () => {
      await playing(seat(ann, { slot: true, slotEndsAt: 50 }), seat(bob))
      const seats = [{ session: s1, player: ann }]
      let isEnded = false
      let ending: Promise<unknown> = Promise.resolve()
      await run(async (tx, store) => {
        expect((await store.stampTickets(tx, { seats, now: 10_500, clockSlackMs: 0 })).length).toBe(1)
        ending = end(s1).then(() => {
          isEnded = true
        })
        await untilWaiting(1)
        expect(isEnded).toBe(false)
      })
      await ending
      expect((await read(s1)).seats[0]).toMatchObject({ ticketEndsAt: 70_000, slot: false, slotEndsAt: null })
      expect(await stamp(ann)).toBeNull()
    })

    it('shows who locks a session the tickets that were being stamped', async () => {
      await playing(seat(ann, { slot: true }))
      let locking: ReturnType<typeof read> | null = null
      await run(async (tx, store) => {
        await store.stampTickets(tx, { seats: [{ session: s1, player: ann }], now: 10_500, clockSlackMs: 0 })
        locking = run(async (other, store) => {
          const locked = await store.lock(other, s1)
          if (locked === null) throw new Error('It is kept.')
          return locked
        })
        await untilWaiting(1)
      })
      expect((await (locking as ReturnType<typeof read> | null))?.seats[0]?.ticketEndsAt).toBe(70_000)
    })

    it('stamps no seat that is being stamped, and none without a slot is held', async () => {
      await playing(seat(ann, { slot: true }), seat(bob))
      await run(async (tx, store) => {
        const seats = [ann, bob].map((player) => ({ session: s1, player }))
        const stamped = await store.stampTickets(tx, { seats, now: 1, clockSlackMs: 0 })
        expect(stamped.map(({ player }) => player)).toEqual([ann])
        expect(await stamp(ann)).toBeNull()
        await change(s1, seat(bob, { slot: true }))
        expect(await stamp(bob)).not.toBeNull()
      })
    })

    it('keeps the second session of a match where the first came to nothing', async () => {
      const failed = new Error('planted')
      let second: ReturnType<typeof insert> | null = null
      const planted = run(async (tx, store) => {
        await store.insert(tx, session(s1))
        second = insert(session(s2, { match: 'match_1' }))
        await untilWaiting(1)
        throw failed
      })
      await expect(planted).rejects.toBe(failed)
      expect(await second).toEqual({ id: s2, fresh: true })
    })

    it('keeps a new session of a match whose old one is being removed', async () => {
      await insert(session(s1))
      await end(s1)
      let again: ReturnType<typeof insert> | null = null
      await run(async (tx, store) => {
        expect(await store.removeEnded(tx, 9_000, 1)).toBe(1)
        again = insert(session(s2, { match: 'match_1' }))
        await untilWaiting(1)
      })
      expect(await again).toEqual({ id: s2, fresh: true })
    })

    it('waits for who moves a session before it names it for its match, but not for who only holds it', async () => {
      await insert(session(s1))
      const again = () => insert(session(s2, { match: 'match_1' }))
      let isDone = false
      let waiting: Promise<unknown> = Promise.resolve()
      await run(async (tx, store) => {
        await store.lock(tx, s1)
        expect(await again()).toEqual({ id: s1, fresh: false })
        await store.move(tx, s1, toPreparing)
        waiting = again().then((said) => {
          isDone = true
          return said
        })
        await untilWaiting(1)
        expect(isDone).toBe(false)
      })
      expect(await waiting).toEqual({ id: s1, fresh: false })
    })

    it('lets two who hold a session each and want the other get on, one after the other', async () => {
      await insert(session(s1))
      await insert(session(s2))
      let begun = 0
      let meet: () => void = () => undefined
      const bothHold = new Promise<void>((resolve) => {
        meet = resolve
      })
      const hold = (first: SessionId, second: SessionId) =>
        run(async (tx, store) => {
          await store.lock(tx, first)
          if (++begun === 2) meet()
          await bothHold
          const { playersSeq = 0 } = (await store.lock(tx, second)) ?? {}
          await store.told(tx, second, playersSeq + 1)
        })
      await Promise.all([hold(s1, s2), hold(s2, s1)])
      expect(begun).toBe(3)
      expect([(await read(s1)).playersSeq, (await read(s2)).playersSeq]).toEqual([1, 1])
    })

    it('shows a transaction what it wrote, and others nothing of it until it is done', async () => {
      await insert(session(s1, { requestedAt: 2_000, seats: [seat(ann, { slot: true, slotEndsAt: 50 })] }))
      await insert(session('session_4', { deadlineAt: 5_000, seats: [seat(ann)] }))
      await insert(session('session_5', { seats: [seat('player_dan')] }))
      await end('session_5')
      const look = async (tx: Tx, store: SessionStore) => ({
        due: (await store.due(tx, 9_999, 9)).map(({ id }) => id),
        opening: (await store.opening(tx, 9)).map(({ id }) => id),
        served: (await store.served(tx, null, 9)).map(({ id }) => id),
        slots: await store.slotsDue(tx, 99, 9),
        live: Object.fromEntries(await store.countLive(tx)),
        seats: (await store.seatsOf(tx, ann)).map(({ id }) => id),
        late: (await store.lateReports(tx, 'session_5')).length,
        seen: (await store.glance(tx, [s2, 'session_5'])).map(({ id }) => id),
      })
      const before = {
        ...{ due: ['session_4', s1], opening: ['session_4', s1], served: [], slots: [s1], live: { requested: 2 } },
        ...{ seats: [s1, 'session_4'], late: 0, seen: ['session_5'] },
      }
      const after = {
        ...{ due: [s2, s1], opening: [s2], served: [s1], slots: [s2], live: { requested: 1, loading: 1 } },
        ...{ seats: [s1, s2, 'session_4'], late: 1, seen: [s2, 'session_5'] },
      }
      const work = async (tx: Tx, store: SessionStore) => {
        const seats = [seat(ann, { slot: true, slotEndsAt: 60 })]
        await store.insert(tx, session(s2, { deadlineAt: 3_000, requestedAt: 500, seats }))
        for (const one of [toPreparing, toLoading]) await store.move(tx, s1, one)
        await store.changeSeats(tx, s1, [seat(ann)])
        await store.end(tx, 'session_4', { state: 'abandoned', cause: 'reported', detail: null, at: 8 })
        await store.keepLate(tx, 'session_5', { kind: 'ready', body: null, at: 1 }, 5)
        const own = await look(tx, store)
        expect({ ...own, seen: [...own.seen].sort() }).toEqual(after)
        expect(await once(look)).toEqual(before)
      }
      const failed = new Error('planted')
      const planted = run(async (tx, store) => {
        await work(tx, store)
        await store.told(tx, s1, 5)
        await store.choose(tx, s1, { level: 1 })
        await store.stampTickets(tx, { seats: [{ session: s1, player: ann }], now: 1, clockSlackMs: 0 })
        await store.forget(tx, 'session_5', 'player_dan')
        expect(await store.removeEnded(tx, 9_000, 9)).toBe(2)
        expect(await store.lateReports(tx, 'session_5')).toEqual([])
        throw failed
      })
      await expect(planted).rejects.toBe(failed)
      expect(await once(look)).toEqual(before)
      expect(await read(s1)).toMatchObject({ told: false, chosen: null, seats: [{ ticketEndsAt: null }] })
      expect((await read('session_5')).seats[0]?.player).toBe('player_dan')
      await run(work)
      expect(await once(look)).toMatchObject({ due: after.due, slots: after.slots, seats: after.seats, late: 1 })
    })
  })
}
