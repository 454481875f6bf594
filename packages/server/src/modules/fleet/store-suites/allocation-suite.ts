import { describe, expect, it } from 'vitest'
import { type FreshFleetStore, key, session } from '../../../../test/support/fleet-store.ts'

/** Who has which capacity. */
export function allocationSuite({ act, register, reserve, start, read, view, end, orders }: FreshFleetStore): void {
  const beat = (server: string, load: number) => act('beat', 1_000, [{ server, key, currentPlayers: 0, load }])
  const confirm = (name: string | number, port: number | null) => act('confirm', session(name), port, 3_000)
  const release = (name: string | number) => act('release', session(name), 'completed', 3_000)
  const add = (name: string | number, count: number) => act('addSlots', session(name), count)
  const free = (name: string | number, count: number) => act('freeSlots', session(name), count)

  /** The servers that several sessions are given, in the order of the sessions. */
  const together = async (names: number[], { region = null }: { region?: string | null } = {}) => {
    const sessions = names.map((name) => ({ session: session(name), brief: { match_id: `match_${name}` } }))
    const given = await act('reserveTogether', { mode: 'duel', region, slots: 2, sessions }, 2_000)
    expect(given.map((one) => one.session)).toEqual(sessions.slice(0, given.length).map((one) => one.session))
    return given.map((one) => one.server)
  }

  describe('allocations', () => {
    it('packs: the fullest that still fits, then the least load', async () => {
      await register('a')
      await register('b')
      await register('c')
      await beat('a', 0.9)
      await beat('b', 0.1)
      await beat('c', 0.5)
      const servers = []
      for (const [at, slots] of [3, 2, 1, 2, 4].entries()) {
        servers.push((await reserve(at, { slots }))?.allocation.server ?? null)
      }
      expect(servers).toEqual(['b', 'c', 'b', 'c', 'a'])
      expect(await reserve('more', { slots: 1 })).toBeNull()
    })

    it('takes the fullest that fits, whatever its load', async () => {
      for (let at = 1; at <= 9; at++) {
        await register(`s${at}`, { capacity: at + 1 })
        await beat(`s${at}`, 1 - at / 10)
      }
      expect((await reserve(1, { slots: 2 }))?.allocation.server).toBe('s1')
      expect((await reserve(2, { slots: 7 }))?.allocation.server).toBe('s6')
    })

    it('prefers the wanted region, and the servers made for the mode', async () => {
      await register('any', { region: 'eu', modes: [] })
      await register('us', { region: 'us' })
      await register('eu', { region: 'eu' })
      await register('map', { region: 'eu', modes: [], maps: [1] })
      const servers = []
      for (let at = 0; at < 6; at++) servers.push((await reserve(at, { region: 'eu' }))?.allocation.server)
      expect(servers).toEqual(['eu', 'eu', 'any', 'any', 'us', 'us'])
      expect(await reserve('more', { region: 'eu' })).toBeNull()
    })

    it('gives what takes every mode to those whose mode nobody was made for', async () => {
      await register('any', { modes: [] })
      await register('ffa', { modes: ['ffa'] })
      expect((await reserve(1, { mode: 'ctf' }))?.allocation.server).toBe('any')
      expect((await reserve(2, { mode: 'ffa' }))?.allocation.server).toBe('ffa')
      expect((await reserve(3, { mode: 'ffa' }))?.allocation.server).toBe('ffa')
      expect((await reserve(4, { mode: 'ffa' }))?.allocation.server).toBe('any')
    })

    it('gives no more sessions than a server runs at once, whatever room it has', async () => {
      await register('a', { sessionsMax: 1 })
      await register('b', { sessionsMax: 2 })
      const servers = []
      for (let at = 1; at <= 4; at++) servers.push((await reserve(at, { slots: 1 }))?.allocation.server ?? null)
      expect(servers).toEqual(['a', 'b', 'b', null])
      expect(await add(1, 1)).toBe(true)
      await free(1, 1)
      expect(await reserve(5, { slots: 1 })).toBeNull()
      await release(1)
      expect((await reserve(6, { slots: 1 }))?.allocation.server).toBe('a')
    })

    it('serves several together as it would one after the other', async () => {
      for (const [id, capacity] of Object.entries({ a: 6, b: 5, c: 9 })) await register(id, { capacity })
      await register('one', { capacity: 8, sessionsMax: 1 })
      expect(await together([1, 2, 3])).toEqual(['b', 'b', 'a'])
      expect(await together([4, 5, 6, 7, 8])).toEqual(['a', 'a', 'one', 'c', 'c'])
      expect(await read('a')).toMatchObject({ reserved: 6, sessions: 3 })
      expect(await read('one')).toMatchObject({ reserved: 2, sessions: 1 })
      expect(await view(4)).toMatchObject({ server: 'a', host: '10.0.0.1', port: 7_000, ready: false })
      expect(await together([9, 10, 11, 12])).toEqual(['c', 'c'])
      expect([await view(11), await view(12)]).toEqual([undefined, undefined])
      expect(await together([11])).toEqual([])
      expect(await reserve(11, { slots: 1 })).toMatchObject({ allocation: { server: 'b' } })
    })

    it('serves several together in the wanted region first, by those made for the mode', async () => {
      await register('any', { region: 'eu', modes: [] })
      await register('us', { region: 'us' })
      await register('eu', { region: 'eu' })
      expect(await together([1, 2, 3, 4, 5, 6, 7], { region: 'eu' })).toEqual(['eu', 'eu', 'any', 'any', 'us', 'us'])
    })

    it('tells a server what each of several is about', async () => {
      await register('a')
      await together([1, 2])
      expect((await orders('a'))?.assign).toMatchObject([
        { session: session(1), brief: { match_id: 'match_1' } },
        { session: session(2), brief: { match_id: 'match_2' } },
      ])
    })

    it('gives nothing to several of whom one has had its server', async () => {
      await register('a', { capacity: 20 })
      await reserve(2)
      await expect(together([1, 2, 3])).rejects.toMatchObject({ code: '23505' })
      expect(await read('a')).toMatchObject({ reserved: 2, sessions: 1 })
      expect(await view(1)).toBeUndefined()
    })

    it('counts a server’s room once, in whichever of its modes it is claimed', async () => {
      await register('a', { modes: ['duel', 'ffa'] })
      expect(await reserve(1, { mode: 'ffa', slots: 3 })).not.toBeNull()
      expect(await reserve(2, { mode: 'duel', slots: 2 })).toBeNull()
      expect(await reserve(3, { mode: 'duel', slots: 1 })).not.toBeNull()
    })

    it('gives a session one server in its life', async () => {
      await register('a')
      const first = await reserve(1)
      expect(first).toEqual({
        fresh: true,
        allocation: {
          ...{ session: session(1), server: 'a', instance: 'a run 1', host: '10.0.0.1', port: 7_000, region: null },
        },
      })
      expect(await reserve(1)).toEqual({ allocation: first?.allocation, fresh: false })
      expect(await read('a')).toMatchObject({ reserved: 2, sessions: 1 })
      await release(1)
      expect(await reserve(1)).toBeNull()
      expect(await read('a')).toMatchObject({ reserved: 0, sessions: 0 })
    })

    it('gives a session that has a launched server no other', async () => {
      await register('a')
      await start('l')
      expect(await reserve('l')).toMatchObject({ allocation: { server: 'l', host: '127.0.0.1' }, fresh: false })
      expect(await reserve(1)).toMatchObject({ allocation: { server: 'a' }, fresh: true })
    })

    it('adds and frees slots within the capacity', async () => {
      await register('a')
      await reserve(1)
      expect(await add(1, 3)).toBe(false)
      expect(await add(1, 2)).toBe(true)
      expect(await reserve(2, { slots: 1 })).toBeNull()
      await free(1, 1)
      expect(await reserve(2, { slots: 1 })).not.toBeNull()
      await free(1, 99)
      expect(await read('a')).toMatchObject({ reserved: 1, sessions: 2 })
      const racing = await Promise.all(Array.from({ length: 30 }, () => add(1, 1)))
      expect(racing.filter(Boolean)).toHaveLength(3)
      expect((await read('a'))?.reserved).toBe(4)
    })

    it('gives back all that was added when the session ends', async () => {
      await register('a')
      await reserve(1)
      await add(1, 2)
      await release(1)
      expect(await read('a')).toMatchObject({ reserved: 0, sessions: 0 })
      expect(await reserve(2, { slots: 4 })).not.toBeNull()
    })

    it('adds and frees nothing for a session that is over, or has none', async () => {
      await register('a')
      await reserve(1)
      await reserve(2)
      await release(1)
      expect(await add(1, 1)).toBe(false)
      await free(1, 1)
      expect(await add('nobody', 1)).toBe(false)
      await free('nobody', 1)
      expect(await read('a')).toMatchObject({ reserved: 2, sessions: 1 })
      await end(['a'])
      expect(await add(2, 1)).toBe(false)
      expect(await read('a')).toMatchObject({ reserved: 0 })
    })

    it('confirms once, and keeps the port that was said first', async () => {
      await register('a')
      await reserve(1)
      expect(await view(1)).toMatchObject({ state: 'allocated', ready: false, port: 7_000 })
      expect(await confirm(1, 7_500)).toEqual({
        ...{ server: 'a', launched: false, createdAt: 2_000, mode: 'duel', given: 7_000 },
      })
      expect(await confirm(1, 7_600)).toBeNull()
      expect(await view(1)).toMatchObject({ ready: true, port: 7_500 })
    })

    it('confirms nothing that is over, or never was', async () => {
      await register('a')
      await reserve(1)
      await reserve(2)
      await release(1)
      expect(await confirm(1, null)).toBeNull()
      expect(await confirm('nobody', null)).toBeNull()
      await end(['a'])
      expect(await confirm(2, null)).toBeNull()
      expect(await view(2)).toMatchObject({ ready: false, state: 'gone' })
    })

    it('does not open a server again that is to drain', async () => {
      await start('l')
      await act('drain', 'l')
      expect(await confirm('l', null)).toMatchObject({ server: 'l', launched: true, createdAt: 1_000 })
      expect((await read('l'))?.state).toBe('draining')
    })

    it('releases once; a launched server has no more to do, a registered one goes on', async () => {
      await register('a', { modes: ['ffa'] })
      await reserve(1, { mode: 'ffa' })
      await start('l')
      await confirm('l', null)
      expect(await release(1)).toEqual({ server: 'a', launched: false, idle: false })
      expect(await release(1)).toBeNull()
      expect(await release('l')).toEqual({ server: 'l', launched: true, idle: true })
      expect(await release('nobody')).toBeNull()
      expect((await read('a'))?.state).toBe('ready')
      expect(await read('l')).toMatchObject({ state: 'draining', reserved: 0, sessions: 0 })
    })

    it('shows sessions with their servers, and those without none', async () => {
      await register('a', { region: 'eu' })
      await reserve(1)
      await reserve(2)
      await confirm(2, 7_500)
      await release(2)
      const views = await act('viewOf', [session(1), session('nobody'), session(2), session(1)])
      const common = { server: 'a', instance: 'a run 1', host: '10.0.0.1', region: 'eu', cause: null, failure: null }
      expect(Object.fromEntries(views)).toEqual({
        [session(1)]: { ...common, state: 'allocated', ready: false, port: 7_000 },
        [session(2)]: { ...common, state: 'gone', ready: true, port: 7_500 },
      })
      expect(await act('viewOf', [])).toEqual(new Map())
    })
  })
}
