import { describe, expect, it } from 'vitest'
import { claim, type FreshFleetStore, player, session } from '../../../../test/support/fleet-store.ts'

/** What servers are told. */
export function orderSuite({ act, register, reserve, start, end, orders }: FreshFleetStore): void {
  const kick = (name: string | number, reason: string, now: number) => act('kick', session(name), player, reason, now)
  const whole = (name: string | number, createdAt: number) => ({
    ...{ session: session(name), player: null, reason: 'cancelled', createdAt, told: false },
  })
  const one = (name: string | number, reason: string, createdAt: number) => ({
    ...{ session: session(name), player, reason, createdAt, told: false },
  })

  describe('orders', () => {
    it('repeats a brief until the session is confirmed', async () => {
      await register('a')
      await reserve(1)
      const assigned = { session: session(1), mode: 'duel', slots: 2, brief: { match_id: 'match_1' } }
      expect(await orders('a')).toEqual({ instance: 'a run 1', assign: [assigned], kick: [], drain: false })
      expect((await orders('a'))?.assign).toEqual([assigned])
      await act('confirm', session(1), null, 3_000)
      expect((await orders('a'))?.assign).toEqual([])
    })

    it('gives briefs in the order in which sessions came, whatever is in them', async () => {
      await register('a', { capacity: 9 })
      const brief = { text: 'é "\\ \u0001', list: [1, null, { deep: true }], nothing: null }
      await act('reserve', claim('c', { brief }), 2_000)
      await act('reserve', claim('b', { brief: null }), 2_001)
      await act('reserve', claim('d', { brief: [] }), 2_000)
      const { assign } = (await orders('a'))!
      expect(assign.map((each) => [each.session, each.brief])).toEqual([
        [session('c'), brief],
        [session('d'), []],
        [session('b'), null],
      ])
    })

    it('hands out a brief that is nobody else’s', async () => {
      await register('a')
      const brief = { players: ['ann'] }
      await act('reserve', claim(1, { brief }), 2_000)
      brief.players.push('bob')
      const first = (await orders('a'))?.assign[0]?.brief as typeof brief
      first.players.push('cid')
      expect((await orders('a'))?.assign[0]?.brief).toEqual({ players: ['ann'] })
    })

    it('tells each of several servers its own', async () => {
      await register('a', { modes: ['x'] })
      await register('b', { modes: ['y'] })
      await start('l')
      await reserve(1, { mode: 'x' })
      await reserve(2, { mode: 'y' })
      const all = await act('ordersOf', ['b', 'nobody', 'a', 'l'])
      const assigned = [...all].map(([id, { assign }]) => [id, assign.map((each) => each.session)] as const).sort()
      expect(assigned).toEqual([
        ['a', [session(1)]],
        ['b', [session(2)]],
        ['l', [session('l')]],
      ])
      expect(await act('ordersOf', [])).toEqual(new Map())
    })

    it('tells a registered server of sessions that are over, and of players to drop', async () => {
      await register('a')
      await reserve(1)
      await reserve(2)
      expect(await kick(2, 'banned', 3_000)).toBe('a')
      await act('release', session(1), 'cancelled', 3_001)
      expect((await orders('a'))?.kick).toEqual([one(2, 'banned', 3_000), whole(1, 3_001)])
      await act('markKicksTold', 3_002, 'a', [one(2, 'banned', 3_000)])
      expect((await orders('a'))?.kick.map((each) => each.told)).toEqual([true, false])
      await act('dropKicks', 'a', [whole(1, 3_001)])
      expect((await orders('a'))?.kick).toEqual([{ ...one(2, 'banned', 3_000), told: true }])
      expect(await kick(1, 'late', 3_000)).toBeNull()
      expect(await kick('nobody', 'late', 3_000)).toBeNull()
    })

    it('tells a kick again that was asked for again', async () => {
      await register('a')
      await reserve(1)
      await kick(1, 'idle', 3_000)
      await act('markKicksTold', 3_001, 'a', [one(1, 'idle', 3_000)])
      await kick(1, 'banned', 3_002)
      expect((await orders('a'))?.kick).toEqual([one(1, 'banned', 3_002)])
    })

    it('marks and drops only the kicks that are named, of that server', async () => {
      await register('a')
      await reserve(1)
      await kick(1, 'banned', 3_000)
      const others = [whole(1, 3_000), { ...one(1, 'banned', 3_000), player: 'player_bob' as const }, one(2, '', 0)]
      await act('markKicksTold', 3_001, 'a', others)
      await act('dropKicks', 'a', others)
      await act('markKicksTold', 3_001, 'b', [one(1, 'banned', 3_000)])
      await act('dropKicks', 'b', [one(1, 'banned', 3_000)])
      await act('dropKicks', 'a', [])
      expect((await orders('a'))?.kick).toEqual([one(1, 'banned', 3_000)])
    })

    it('knows which of the sessions that servers name are not theirs, or no more', async () => {
      for (const id of ['a', 'b']) await register(id, { modes: [id] })
      await reserve(1, { mode: 'a' })
      await reserve(2, { mode: 'a' })
      await reserve(3, { mode: 'b' })
      const named = (server: string, ...names: (string | number)[]) =>
        names.map((name) => ({ server, session: session(name) }))
      const stray = (name: string | number, reason: string, createdAt: number) => ({
        ...{ session: session(name), player: null, reason, createdAt },
      })
      expect(await act('straysOf', [...named('a', 1, 2, 1), ...named('b', 3)])).toEqual(new Map())
      await act('release', session(1), 'completed', 3_000)
      await end(['b'], { cause: 'silent', detail: 'for operators', now: 4_000 })
      await register('b', { modes: ['b'], instance: 'b run 2' })
      const all = await act('straysOf', [...named('a', 2, 1, 'none', 3), ...named('b', 3, 3, 2)])
      expect(all).toEqual(
        new Map([
          ['a', [stray(3, 'unknown', 0), stray('none', 'unknown', 0), stray(1, 'completed', 3_000)]],
          ['b', [stray(2, 'unknown', 0), stray(3, 'silent', 4_000)]],
        ]),
      )
    })

    it('does not tell a launched server that its session is over: it is stopped', async () => {
      await start('l')
      await act('release', session('l'), 'completed', 3_000)
      expect(await orders('l')).toMatchObject({ kick: [], assign: [], drain: true })
    })

    it('says that a server is to drain, and nothing to one that is gone', async () => {
      await register('a')
      await act('drain', 'a')
      expect((await orders('a'))?.drain).toBe(true)
      await end(['a'])
      expect(await orders('a')).toBeUndefined()
    })
  })
}
