import type { SessionId } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import {
  ann,
  bob,
  type Hands,
  s1,
  s2,
  s3,
  seat,
  session,
  toLoading,
  toPlay,
  toPreparing,
} from './store-ground-suite.ts'

/** What is seen of sessions from afar, late news, and the removal of what ended long ago. */
export function sessionLooksSuite({ run, once, insert, move, end, change, playing }: Hands): void {
  describe('from afar', () => {
    it('finds what is due, longest first, and nothing that has ended', async () => {
      await insert(session(s1, { deadlineAt: 6_000 }))
      await insert(session(s2, { deadlineAt: 5_000 }))
      await insert(session(s3, { deadlineAt: 4_000 }))
      await end(s3)
      const due = (now: number, limit = 10) => once((tx, store) => store.due(tx, now, limit))
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
      const opening = await once((tx, store) => store.opening(tx, 10))
      expect(opening.map(({ id }) => id)).toEqual([s2, s1])
      await move(s2, toLoading, toPlay)
      const from = (after: SessionId | null, limit = 10) => once((tx, store) => store.served(tx, after, limit))
      expect((await from(null)).map(({ id, state }) => `${id} ${state}`)).toEqual([
        'session_2 in_progress',
        'session_3 loading',
      ])
      expect((await from(null, 1)).map(({ id }) => id)).toEqual([s2])
      expect((await from(s2)).map(({ id }) => id)).toEqual([s3])
      expect((await once((tx, store) => store.glance(tx, [s1, s3, 'session_no']))).length).toBe(2)
      expect(await once((tx, store) => store.countLive(tx))).toEqual(
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
      const due = (now: number) => once((tx, store) => store.slotsDue(tx, now, 10))
      expect(await due(89)).toEqual([])
      expect(await due(100)).toEqual([s1])
      await change(s1, seat(ann), seat(bob))
      expect(await due(100)).toEqual([])
    })

    it('keeps late news up to its maximum', async () => {
      await insert(session(s1))
      await end(s1)
      for (const at of [1, 2, 3]) {
        await run((tx, store) => store.keepLate(tx, s1, { kind: 'players', body: { joined: [ann] }, at }, 2))
      }
      expect(await once((tx, store) => store.lateReports(tx, s1))).toEqual([
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
      await run((tx, store) => store.keepLate(tx, s1, { kind: 'ready', body: null, at: 1 }, 2))
      const remove = (before: number, limit: number) => once((tx, store) => store.removeEnded(tx, before, limit))
      expect(await remove(300, 1)).toBe(1)
      expect(await remove(300, 5)).toBe(1)
      expect(await remove(300, 5)).toBe(0)
      expect((await once((tx, store) => store.seatsOf(tx, ann))).map(({ id }) => id)).toEqual([s3, 'session_4'])
      expect(await once((tx, store) => store.lateReports(tx, s1))).toEqual([])
    })

    it('looks at as many as it may, and tells who waits longest first', async () => {
      const of = (ids: { id: string }[]) => ids.map(({ id }) => id)
      expect(await once((tx, store) => store.glance(tx, []))).toEqual([])
      await insert(session(s1, { requestedAt: 3 }))
      await insert(session(s2, { requestedAt: 1, region: null }))
      await insert(session(s3, { requestedAt: 2 }))
      expect(of(await once((tx, store) => store.opening(tx, 2)))).toEqual([s2, s3])
      expect(await once((tx, store) => store.glance(tx, [s2, s2]))).toEqual([
        { id: s2, mode: 'duel', region: null, state: 'requested', deadlineAt: 6_000 },
      ])
      await end(s2)
      expect(of(await once((tx, store) => store.opening(tx, 5)))).toEqual([s3, s1])
      const [ended] = await once((tx, store) => store.glance(tx, [s2]))
      expect(ended).toMatchObject({ state: 'cancelled', deadlineAt: null })
      await move(s3, toPreparing, toLoading)
      await end(s3)
      expect(await once((tx, store) => store.served(tx, null, 5))).toEqual([])
      await end(s1)
      expect(await once((tx, store) => store.countLive(tx))).toEqual(new Map())
    })

    it('finds each session with slots to give back once, longest first, of as many seats as it may', async () => {
      const late = (slotEndsAt: number, over = {}) => ({ slot: true, slotEndsAt, ...over })
      await insert(session(s1, { seats: [seat(ann, late(30)), seat(bob, late(10))] }))
      await insert(session(s2, { seats: [seat('player_cat', late(20)), seat('player_dan', { slotEndsAt: 5 })] }))
      await insert(session(s3, { seats: [seat('player_eve', late(15))] }))
      await end(s3)
      const due = (now: number, limit = 10) => once((tx, store) => store.slotsDue(tx, now, limit))
      expect(await due(30)).toEqual([s1, s2])
      expect(await due(29, 1)).toEqual([s1])
      expect(await due(9)).toEqual([])
    })

    it('tells the seats of a player by session, ended or not', async () => {
      await insert(session(s2))
      await insert(session(s1))
      await insert(session(s3, { seats: [seat(bob)] }))
      await end(s2)
      const told = await once((tx, store) => store.seatsOf(tx, ann))
      expect(told.map(({ id, state, endedAt }) => [id, state, endedAt])).toEqual([
        [s1, 'requested', null],
        [s2, 'cancelled', 5_000],
      ])
      expect(await once((tx, store) => store.seatsOf(tx, 'player_eve'))).toEqual([])
    })

    it('refuses late news of a session that is not kept, unless it would keep none', async () => {
      const keep = (max: number) =>
        run((tx, store) => store.keepLate(tx, s1, { kind: 'ready', body: undefined, at: 1 }, max))
      expect(await keep(1).catch((error: unknown) => (error as { code?: unknown }).code)).toBe('23503')
      await keep(0)
      await insert(session(s1))
      await insert(session(s2))
      await keep(1)
      await run((tx, store) => store.keepLate(tx, s2, { kind: 'ready', body: { a: [1, null] }, at: 2 }, 1))
      expect(await once((tx, store) => store.lateReports(tx, s1))).toEqual([{ kind: 'ready', body: null, at: 1 }])
    })

    it('removes what ended first, and none that is held, nor its match with it', async () => {
      for (const [id, at] of [
        [s1, 300],
        [s2, 100],
        [s3, 200],
      ] as const) {
        await insert(session(id))
        await end(id, at)
      }
      const remove = (limit: number) => once((tx, store) => store.removeEnded(tx, 1_000, limit))
      await run(async (tx, store) => {
        await store.lock(tx, s2)
        expect(await remove(1)).toBe(1)
      })
      expect((await once((tx, store) => store.glance(tx, [s1, s2, s3]))).map(({ id }) => id).sort()).toEqual([s1, s2])
      expect(await insert(session('session_4', { match: 'match_2' }))).toEqual({ id: s2, fresh: false })
      expect(await insert(session('session_4', { match: 'match_3' }))).toEqual({ id: 'session_4', fresh: true })
      expect(await remove(0)).toBe(0)
      expect(await remove(9)).toBe(2)
      expect((await once((tx, store) => store.seatsOf(tx, ann))).map(({ id }) => id)).toEqual(['session_4'])
    })
  })
}
