import { describe, expect, it } from 'vitest'
import {
  endedProcess,
  type FreshFleetStore,
  key,
  otherKey,
  player,
  session,
} from '../../../../test/support/fleet-store.ts'

/** Who lives. */
export function directorySuite({ act, register, reserve, start, read, view, end, orders }: FreshFleetStore): void {
  describe('directory', () => {
    it('[security 36] keeps an id for the key that holds it, until the server is gone', async () => {
      expect(await register('a')).toEqual([])
      expect(await register('a', { key: otherKey })).toBeNull()
      expect((await read('a'))?.state).toBe('ready')
      await end(['a'])
      expect(await register('a', { key: otherKey, now: 6_000 })).toEqual([])
      expect(await read('a')).toMatchObject({ state: 'ready', goneCause: null, registeredAt: 6_000 })
    })

    it('gives a launched server’s id to nobody', async () => {
      await start('a')
      expect(await register('a')).toBeNull()
      expect(await read('a')).toMatchObject({ state: 'starting', launched: true })
    })

    it('loses the sessions of an earlier run, and whatever it was to be told', async () => {
      await register('a')
      await reserve(1)
      await reserve(2)
      await act('kick', session(2), player, 'banned', 2_500)
      await act('drain', 'a')
      expect((await register('a', { instance: 'a run 2' }))?.sort()).toEqual([session(1), session(2)])
      expect(await read('a')).toMatchObject({ state: 'ready', reserved: 0, sessions: 0 })
      expect(await view(1)).toMatchObject({ state: 'gone', cause: 'restarted' })
      expect(await orders('a')).toEqual({ instance: 'a run 2', assign: [], kick: [], drain: false })
      expect(await reserve(3)).toMatchObject({ allocation: { instance: 'a run 2' } })
      expect(await reserve(1)).toBeNull()
    })

    it('offers what the latest run said, and nothing of the run before', async () => {
      await register('a', { region: 'eu', capacity: 9 })
      await register('a', { instance: 'a run 2', modes: ['ffa'], address: '10.0.0.2', gamePort: 8_000, capacity: 2 })
      expect(await reserve(1)).toBeNull()
      expect(await reserve(2, { mode: 'ffa' })).toMatchObject({
        allocation: { instance: 'a run 2', host: '10.0.0.2', port: 8_000, region: null },
      })
      expect(await reserve(3, { mode: 'ffa' })).toBeNull()
    })

    it('takes beats only from the key of a live server', async () => {
      await register('a')
      await register('b')
      await end(['b'])
      const beat = { currentPlayers: 3, load: 0.5 }
      const heard = await act('beat', 9_000, [
        { server: 'a', key: otherKey, ...beat, currentPlayers: 99 },
        { server: 'a', key, ...beat },
        { server: 'b', key, ...beat },
        { server: 'c', key, ...beat },
      ])
      expect([...heard]).toEqual([['a', key]])
      expect(await read('a')).toMatchObject({ currentPlayers: 3, load: 0.5, lastBeatAt: 9_000 })
      expect(await act('beat', 9_000, [])).toEqual(new Map())
    })

    it('begins to count anew when a server registers again', async () => {
      await register('a')
      await act('beat', 9_000, [{ server: 'a', key, currentPlayers: 3, load: 0.5 }])
      await register('a', { instance: 'a run 2', now: 10_000 })
      expect(await read('a')).toMatchObject({ currentPlayers: 0, load: 0, lastBeatAt: 10_000 })
    })

    it('tells who registered a live server', async () => {
      await register('a')
      await start('b')
      expect(await act('registrantOf', 'a')).toBe(key)
      expect(await act('registrantOf', 'b')).toBeNull()
      expect(await act('registrantOf', 'c')).toBeUndefined()
      await end(['a'])
      expect(await act('registrantOf', 'a')).toBeUndefined()
    })

    it('drains what lives, as often as it is asked to', async () => {
      await register('a')
      await reserve(1)
      expect(await act('drain', 'a')).toBe(true)
      expect(await act('drain', 'a')).toBe(true)
      expect(await reserve(2)).toBeNull()
      expect(await view(1)).toMatchObject({ state: 'draining' })
      expect(await act('drain', 'b')).toBe(false)
      await end(['a'])
      expect(await act('drain', 'a')).toBe(false)
      expect(await read('a')).toMatchObject({ state: 'gone' })
    })

    it('ends a server once, with whatever it holds', async () => {
      await register('a')
      await reserve(1)
      const all = await Promise.all([end(['a']), end(['a']), end(['a'])])
      expect(all.flat()).toEqual([{ server: 'a', node: null, lost: [session(1)] }])
      expect(await read('a')).toMatchObject({ state: 'gone', reserved: 0, sessions: 0, goneCause: 'silent' })
      expect(await read('a', false)).toBeNull()
      expect(await view(1)).toMatchObject({ state: 'gone', cause: 'silent', failure: 'The game server fell silent.' })
      expect(await reserve(2)).toBeNull()
    })

    it('ends several at once, each with its own sessions, and passes by those that do not live', async () => {
      for (const id of ['a', 'b', 'c']) await register(id, { modes: [id] })
      await end(['c'])
      await reserve(1, { mode: 'b' })
      await reserve(2, { mode: 'a' })
      await reserve(3, { mode: 'b' })
      const ended = await end(['b', 'nobody', 'a', 'c', 'a'], { cause: 'stopped', detail: 'maintenance' })
      const lost = ended.map((one) => [one.server, [...one.lost].sort()] as const).sort()
      expect(lost).toEqual([
        ['a', [session(2)]],
        ['b', [session(1), session(3)]],
      ])
      expect(await read('b')).toMatchObject({ goneCause: 'stopped', goneDetail: 'maintenance', lastBeatAt: 5_000 })
      expect(await read('c')).toMatchObject({ goneCause: 'silent', goneDetail: null })
      expect(await end([])).toEqual([])
    })

    it('ends as silent only who has not beaten since', async () => {
      await register('a', { now: 1_000 })
      await register('b', { now: 3_000 })
      await register('c', { now: 2_000 })
      expect(await act('silentSince', 2_000, 10)).toEqual(['a'])
      expect((await end(['a', 'b', 'c'], { silentSince: 2_000 })).map((one) => one.server)).toEqual(['a'])
      expect((await read('b'))?.state).toBe('ready')
    })

    it('finds so many of the silent, in the order of their ids', async () => {
      for (const id of ['c', 'a', 'd', 'b']) await register(id)
      expect(await act('silentSince', 1_001, 3)).toEqual(['a', 'b', 'c'])
      expect(await act('silentSince', 1_000, 3)).toEqual([])
    })

    it('tells since when somebody looks after the servers without a gap', async () => {
      const mark = (now: number) => act('markSwept', now, 5_000)
      expect(await mark(10_000)).toBe(10_000)
      expect(await mark(14_000)).toBe(10_000)
      expect(await mark(19_000)).toBe(10_000)
      expect(await mark(24_001)).toBe(24_001)
      expect(await mark(20_000)).toBe(24_001)
      expect(await mark(29_001)).toBe(24_001)
    })

    it('counts what lives, by state', async () => {
      expect(await act('counts')).toEqual(new Map())
      await register('a')
      await register('b')
      await register('c')
      await register('d')
      await start('l')
      await reserve(1)
      await act('drain', 'b')
      await end(['c'])
      const counts = await act('counts')
      expect(Object.fromEntries(counts)).toEqual({ allocated: 1, draining: 1, starting: 1, ready: 1 })
    })

    describe('purge', () => {
      const purge = (endedBefore: number, over: { kicksBefore?: number; limit?: number } = {}) =>
        act('purge', { endedBefore, kicksBefore: 0, limit: 10, ...over })

      it('forgets what ended long ago, and nothing else', async () => {
        await register('a')
        await reserve(1)
        await start('l')
        await end(['a', 'l'], { now: 5_000 })
        await act('endProcess', endedProcess('l'))
        await register('b')
        await reserve(2)
        expect(await purge(5_000)).toBe(0)
        expect(await purge(5_001)).toBe(5)
        expect(await view(1)).toBeUndefined()
        expect(await read('a')).toBeNull()
        expect(await read('b')).not.toBeNull()
        expect(await view(2)).toMatchObject({ state: 'allocated' })
        expect(await purge(1e12)).toBe(0)
      })

      it('forgets what ended in whatever order, over a long time', async () => {
        const ends = [400_000, 60_000, 59_999, 3_000_000, 120_000]
        for (const [at, now] of ends.entries()) {
          await register(`s${at}`)
          await end([`s${at}`], { now })
        }
        expect(await purge(60_000)).toBe(1)
        expect(await purge(400_000)).toBe(2)
        expect(await purge(3_000_001)).toBe(2)
      })

      it('removes no more of a kind than it may', async () => {
        for (const id of ['a', 'b', 'c']) {
          await register(id)
          await reserve(id)
          await end([id])
        }
        expect(await purge(6_000, { limit: 2 })).toBe(4)
        expect(await purge(6_000, { limit: 2 })).toBe(2)
      })

      it('forgets kicks that were told for long enough', async () => {
        await register('a')
        await reserve(1)
        await act('kick', session(1), player, 'banned', 3_000)
        expect(await purge(0, { kicksBefore: 3_000 })).toBe(0)
        expect(await purge(0, { kicksBefore: 3_001 })).toBe(1)
        expect((await orders('a'))?.kick).toEqual([])
      })
    })
  })
}
