import { describe, expect, it } from 'vitest'
import {
  ann,
  bob,
  type Hands,
  s1,
  s2,
  s3,
  seat,
  served,
  session,
  toLoading,
  toPlay,
  toPreparing,
} from './store-ground-suite.ts'

/** A session from its request to its end. */
export function sessionCourseSuite({ run, once, insert, move, end, read, playing }: Hands): void {
  describe('its course', () => {
    it('keeps a session as it was given, with its seats in their order', async () => {
      expect(await insert(session(s1))).toEqual({ id: s1, fresh: true })
      const { deadlineAt, ticketLifeMs, ...given } = session(s1)
      expect(await read(s1)).toEqual({
        ...given,
        ...{ state: 'requested', cause: null, detail: null, chosen: null, told: false, playersSeq: 0, deadlineAt },
        ...{ server: null, instance: null, host: null, port: null },
        ...{ loadingAt: null, startedAt: null, endedAt: null },
      })
      expect(await run((tx, store) => store.lock(tx, s1))).toEqual(await read(s1))
      expect(ticketLifeMs).toBe(60_000)
    })

    it('holds several by id, each with its seats', async () => {
      await insert(session(s2, { match: 'match_2', seats: [seat('player_eve')] }))
      await insert(session(s1))
      const held = await run((tx, store) => store.lockAll(tx, [s2, s3, s1, s2]))
      expect(held).toEqual([await read(s1), await read(s2)])
      expect(await run((tx, store) => store.lockAll(tx, []))).toEqual([])
    })

    it('keeps one session for one match', async () => {
      await insert(session(s1))
      const again = session(s2, { match: 'match_1', seats: [seat('player_eve')] })
      expect(await insert(again)).toEqual({ id: s1, fresh: false })
      expect((await read(s1)).seats.map(({ player }) => player)).toEqual([bob, ann])
      expect(await once((tx, store) => store.read(tx, [s2]))).toEqual([])
    })

    it('keeps any number of sessions without a match', async () => {
      await insert(session(s1, { match: null }))
      expect(await insert(session(s2, { match: null }))).toEqual({ id: s2, fresh: true })
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

    it('waits for as long as it is told, and opens and closes its door, until it ends', async () => {
      const retimed = (deadlineAt: number) => run((tx, store) => store.wait(tx, s1, deadlineAt))
      const door = (to: 'open' | 'closed') => run((tx, store) => store.setDoor(tx, s1, to))
      await insert(session(s1, { playersMax: 4 }))
      await insert(session(s2))
      expect(await read(s1)).toMatchObject({ playersMax: 4 })
      await retimed(77_000)
      await door('open')
      expect(await read(s1)).toMatchObject({ deadlineAt: 77_000, door: 'open', state: 'requested' })
      expect(await once((tx, store) => store.due(tx, 77_000, 5))).toHaveLength(2)
      await door('closed')
      expect((await read(s1)).door).toBe('closed')
      await end(s1)
      await retimed(99_000)
      await door('open')
      expect(await read(s1)).toMatchObject({ deadlineAt: null, door: 'closed' })
      expect(await read(s2)).toMatchObject({ deadlineAt: 6_000, door: 'closed' })
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

    it('remembers the newest report of players', async () => {
      await insert(session(s1))
      for (const seq of [7, 3]) await run((tx, store) => store.told(tx, s1, seq))
      expect(await read(s1)).toMatchObject({ told: true, playersSeq: 7 })
    })

    it('keeps the first choice of the server', async () => {
      await insert(session(s1))
      for (const level of [1, 2]) await run((tx, store) => store.choose(tx, s1, { level }))
      expect((await read(s1)).chosen).toEqual({ level: 1 })
    })

    it('refuses a second session of one id, and a player who sits twice; nothing has changed', async () => {
      await insert(session(s1))
      const codeOf = (error: unknown) => (error as { code?: unknown }).code
      expect(await insert(session(s1, { match: null, mode: 'ffa' })).catch(codeOf)).toBe('23505')
      expect(await insert(session(s2, { seats: [seat(ann), seat(ann)] })).catch(codeOf)).toBe('23505')
      expect(await read(s1)).toMatchObject({ mode: 'duel' })
      expect(await once((tx, store) => store.read(tx, [s2]))).toEqual([])
      expect(await insert(session(s3, { match: 'match_2' }))).toEqual({ id: s3, fresh: true })
    })

    it('knows nothing of a session that is not kept', async () => {
      await insert(session(s1))
      expect(await run((tx, store) => store.lock(tx, s2))).toBeNull()
      expect(await move(s2, toPreparing)).toEqual([false])
      expect(await end(s2)).toBe(false)
      await run(async (tx, store) => {
        await store.told(tx, s2, 1)
        await store.choose(tx, s2, { level: 1 })
        await store.changeSeats(tx, s2, [seat(ann)])
        await store.forget(tx, s2, ann)
      })
      expect(await once((tx, store) => store.read(tx, []))).toEqual([])
      const both = await once((tx, store) => store.read(tx, [s2, s1, s1]))
      expect(both.map(({ id }) => id)).toEqual([s1])
    })

    it('leaves what a move does not speak of, and the state it is not in', async () => {
      await insert(session(s1))
      await move(s1, { ...toPreparing, chosen: { level: 1 } })
      const before = await read(s1)
      expect(before.chosen).toEqual({ level: 1 })
      expect(await move(s1, { ...toPlay, served: { host: 'other' } })).toEqual([false])
      expect(await read(s1)).toEqual(before)
      await move(s1, { ...toLoading, served: { host: undefined, instance: 'run_2' } })
      const loading = { state: 'loading', deadlineAt: 9_500, loadingAt: 3_000, instance: 'run_2' }
      expect(await read(s1)).toEqual({ ...before, ...loading })
    })

    it('keeps what was said when it was said', async () => {
      const settings = { maps: ['hill'], none: undefined }
      await insert(session(s1, { settings, seats: [seat(ann, { origin: null })] }))
      settings.maps.push('lake')
      const kept = await read(s1)
      expect(kept.settings).toEqual({ maps: ['hill'] })
      expect(kept.seats[0]?.origin).toBeNull()
      kept.seats.pop()
      expect((await read(s1)).seats.length).toBe(1)
      await insert(session(s2, { settings: null }))
      expect((await read(s2)).settings).toBeNull()
    })
  })
}
