import { describe, expect, it } from 'vitest'
import {
  ann,
  bob,
  type Hands,
  s1,
  s2,
  seat,
  served,
  session,
  toLoading,
  toPlay,
  toPreparing,
} from './store-ground-suite.ts'

/** Seats, their tickets, and whoever sat on them. */
export function sessionSeatsSuite({ run, once, insert, move, end, read, change, stamp, playing }: Hands): void {
  describe('its seats', () => {
    it('changes the named seats, and no other', async () => {
      await insert(session(s1))
      const changed = seat(ann, {
        ...{ team: 1, state: 'left', slot: true, slotEndsAt: 70, ticketEndsAt: 60, joinedAt: 5, gaveUpAt: 6 },
        erased: true,
      })
      await change(s1, changed)
      expect((await read(s1)).seats).toEqual([seat(bob), changed])
    })

    it('takes more seats, behind the others, each player once', async () => {
      await insert(session(s1))
      await insert(session(s2))
      const eve = seat('player_eve', { slot: true, role: 'host', origin: null })
      await run((tx, store) => store.addSeat(tx, s1, eve))
      expect((await read(s1)).seats).toEqual([seat(bob), seat(ann, { team: 1 }), eve])
      expect((await run((tx, store) => store.lock(tx, s1)))?.seats).toHaveLength(3)
      expect((await read(s2)).seats).toHaveLength(2)
      await expect(run((tx, store) => store.addSeat(tx, s1, eve))).rejects.toMatchObject({ code: '23505' })
      await expect(run((tx, store) => store.addSeat(tx, 'session_none', eve))).rejects.toMatchObject({ code: '23503' })
      await run((tx, store) => store.forget(tx, s1, bob))
      await run((tx, store) => store.addSeat(tx, s1, seat(bob)))
      expect((await read(s1)).seats.map(({ player }) => player)).toEqual(['player_erased0', ann, 'player_eve', bob])
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

    it('tells the seats of a player', async () => {
      await playing(seat(ann, { joinedAt: 5, state: 'joined' }))
      expect(await once((tx, store) => store.seatsOf(tx, ann))).toEqual([
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
      await run((tx, store) =>
        store.end(tx, s1, { state: 'abandoned', cause: 'reported', detail: `${ann} quit`, at: 9 }),
      )
      await run((tx, store) => store.keepLate(tx, s1, { kind: 'players', body: { left: [ann, bob] }, at: 10 }, 5))
      await run((tx, store) => store.forget(tx, s1, ann))
      const kept = await read(s1)
      expect(kept.seats.map(({ player, nick, origin }) => [player, nick, origin === null])).toEqual([
        [bob, 'bob', false],
        ['player_erased1', 'erased', true],
      ])
      expect(kept).toMatchObject({ detail: 'player_erased1 quit', settings: { host: 'player_erased1', first: bob } })
      const late = await once((tx, store) => store.lateReports(tx, s1))
      expect(JSON.stringify([kept, late])).not.toContain('ann')
      expect(await once((tx, store) => store.seatsOf(tx, ann))).toEqual([])
    })

    it('changes no seat that is not named, and none of who has no seat', async () => {
      await insert(session(s1))
      await insert(session(s2))
      await change(s1)
      await change(s1, seat('player_eve', { slot: true }), seat(bob, { state: 'joined', nick: 'other', team: 9 }))
      expect((await read(s1)).seats).toEqual([seat(bob, { state: 'joined' }), seat(ann, { team: 1 })])
      expect((await read(s2)).seats).toEqual([seat(bob), seat(ann, { team: 1 })])
    })

    it('ends a ticket on a whole second, as long after as the session says', async () => {
      await insert(session(s1, { ticketLifeMs: 1_700, seats: [seat(ann, { slot: true, slotEndsAt: 3_000 })] }))
      await move(s1, toPreparing, toLoading)
      expect(await stamp(ann, 1_299)).toMatchObject({ endsAt: 2_000 })
      expect((await read(s1)).seats[0]).toMatchObject({ ticketEndsAt: 2_000, slotEndsAt: 7_000 })
      expect(await stamp(ann, 1_300)).toMatchObject({ endsAt: 3_000 })
      expect(await once((tx, store) => store.stampTickets(tx, { seats: [], now: 1, clockSlackMs: 0 }))).toEqual([])
    })

    it('forgets nobody who has no seat, and no one else', async () => {
      await insert(session(s1, { settings: { host: ann } }))
      await insert(session(s2, { settings: { host: ann } }))
      await run((tx, store) => store.keepLate(tx, s2, { kind: 'players', body: [ann], at: 1 }, 1))
      const before = [await read(s1), await read(s2)]
      await run((tx, store) => store.forget(tx, s1, 'player_eve'))
      expect([await read(s1), await read(s2)]).toEqual(before)
      await run((tx, store) => store.forget(tx, s1, ann))
      await run((tx, store) => store.forget(tx, s1, bob))
      expect((await read(s1)).seats.map(({ player }) => player)).toEqual(['player_erased0', 'player_erased1'])
      expect(await read(s2)).toEqual(before[1])
      expect(await once((tx, store) => store.lateReports(tx, s2))).toEqual([{ kind: 'players', body: [ann], at: 1 }])
      expect((await once((tx, store) => store.seatsOf(tx, ann))).map(({ id }) => id)).toEqual([s2])
    })
  })
}
