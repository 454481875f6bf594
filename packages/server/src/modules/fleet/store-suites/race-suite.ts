import { describe, expect, it } from 'vitest'
import {
  claim,
  type FreshFleetStore,
  key,
  launch,
  otherKey,
  player,
  session,
} from '../../../../test/support/fleet-store.ts'

const times = <T>(count: number, make: (at: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, at) => make(at)))

/** What holds when several do something at once. */
export function raceSuite(fresh: FreshFleetStore): void {
  const { act, transact, hold, register, reserve, start, read, view, end, orders, rows } = fresh

  describe('at once', () => {
    it('gives one session that asks many times one allocation', async () => {
      await register('a', { capacity: 100 })
      await register('b', { capacity: 100 })
      const answers = await times(40, () => reserve(1))
      expect(new Set(answers.map((one) => one?.allocation.server)).size).toBe(1)
      expect(answers.filter((one) => one?.fresh)).toHaveLength(1)
      expect(((await read('a'))?.reserved ?? 0) + ((await read('b'))?.reserved ?? 0)).toBe(2)
    })

    it('[security 34] gives the last slot to one of two hundred who ask', async () => {
      await register('a', { capacity: 1 })
      const answers = await times(200, (at) => reserve(at, { slots: 1 }))
      expect(answers.filter((one) => one !== null)).toHaveLength(1)
      expect(await read('a')).toMatchObject({ reserved: 1, sessions: 1 })
    })

    it('fills servers to the brim under a crowd, and never further', async () => {
      for (const id of ['a', 'b', 'c']) await register(id, { capacity: 20 })
      const answers = await times(90, (at) => reserve(at, { slots: 1 }))
      expect(answers.filter((one) => one !== null)).toHaveLength(60)
      for (const id of ['a', 'b', 'c']) expect((await read(id))?.reserved).toBe(20)
    })

    it('passes by a server on which somebody is reserving, while another has room', async () => {
      await register('full', { capacity: 3 })
      await register('wide', { capacity: 9 })
      const other = await hold((tx, store) => store.reserve(tx, claim(1), 2_000))
      expect((await reserve(2))?.allocation.server).toBe('wide')
      await other.commit()
      expect((await view(1))?.server).toBe('full')
    })

    it('serves of several whom it can without waiting for somebody who is reserving', async () => {
      await register('full', { capacity: 3 })
      await register('wide', { capacity: 5 })
      const other = await hold((tx, store) => store.reserve(tx, claim(1), 2_000))
      const sessions = [2, 3, 4].map((name) => ({ session: session(name), brief: null }))
      const given = await act('reserveTogether', { mode: 'duel', region: null, slots: 2, sessions }, 2_000)
      expect(given.map((one) => one.server)).toEqual(['wide', 'wide'])
      await other.undo()
      expect((await reserve(4))?.allocation.server).toBe('full')
    })

    it('fills servers to the brim under crowds that come together, and never further', async () => {
      for (const id of ['a', 'b', 'c']) await register(id, { capacity: 20 })
      const crowds = await times(10, (crowd) => {
        const sessions = Array.from({ length: 9 }, (_, at) => ({ session: session(`${crowd}_${at}`), brief: null }))
        return act('reserveTogether', { mode: 'duel', region: null, slots: 1, sessions }, 2_000)
      })
      const alone = await times(60, (at) => reserve(`alone_${at}`, { slots: 1 }))
      expect(crowds.flat().length + alone.filter((one) => one !== null).length).toBe(60)
      for (const id of ['a', 'b', 'c']) expect((await read(id))?.reserved).toBe(20)
    })

    it('waits for the only server, and takes what is left of it', async () => {
      await register('a')
      const first = await hold((tx, store) => store.reserve(tx, claim(1, { slots: 3 }), 2_000))
      const waiting = [reserve(2), reserve(3, { slots: 1 })]
      await first.commit()
      expect((await Promise.all(waiting)).map((one) => one !== null)).toEqual([false, true])
      const second = await hold((tx, store) => store.release(tx, session(1), 'completed', 3_000))
      const late = reserve(4)
      await second.undo()
      expect(await late).toBeNull()
    })

    it('shows nothing of a transaction before it has committed, nor of one that was undone', async () => {
      await register('a')
      const open = await hold(async (tx, store) => {
        await store.reserve(tx, claim(1), 2_000)
        expect((await store.viewOf(tx, [session(1)])).size).toBe(1)
        expect(await store.read(tx, 'a', false)).toMatchObject({ reserved: 2 })
      })
      expect(await view(1)).toBeUndefined()
      expect(await read('a')).toMatchObject({ reserved: 0 })
      expect(await orders('a')).toMatchObject({ assign: [] })
      await open.undo()
      expect(await view(1)).toBeUndefined()
      expect((await reserve(1))?.fresh).toBe(true)
    })

    it('loses what was reserved on a server that ends, whichever came first', async () => {
      await register('a', { capacity: 50 })
      const [answers] = await Promise.all([times(30, (at) => reserve(at, { slots: 1 })), end(['a'])])
      expect(await read('a')).toMatchObject({ state: 'gone', reserved: 0, sessions: 0 })
      for (const answer of answers) {
        if (answer === null) continue
        const shown = (await act('viewOf', [answer.allocation.session])).get(answer.allocation.session)
        expect(shown).toMatchObject({ state: 'gone', cause: 'silent' })
      }
    })

    it('keeps the reservations of a new run, and none of the run before', async () => {
      await register('a', { capacity: 50 })
      const [answers] = await Promise.all([
        times(30, (at) => reserve(at, { slots: 1 })),
        register('a', { capacity: 50, instance: 'a run 2' }),
      ])
      const views = await Promise.all(answers.map((_, at) => view(at)))
      const live = views.filter((one) => one?.state === 'allocated')
      expect(live.every((one) => one?.instance === 'a run 2')).toBe(true)
      expect(await read('a')).toMatchObject({ reserved: live.length, sessions: live.length })
    })

    it('gives an id to one of two keys', async () => {
      const answers = await times(6, (at) =>
        register('a', { key: at % 2 === 0 ? key : otherKey, instance: `run ${at}` }),
      )
      const holder = await act('registrantOf', 'a')
      expect(answers.map((answer, at) => answer === null || (at % 2 === 0 ? key : otherKey) === holder)).toEqual(
        answers.map(() => true),
      )
      expect(answers.filter((answer) => answer !== null)).toHaveLength(3)
    })

    it('does not end as silent whoever beats just now', async () => {
      await register('a', { now: 1_000 })
      const beats = [{ server: 'a', key, currentPlayers: 1, load: 0 }]
      const beating = await hold((tx, store) => store.beat(tx, 3_000, beats))
      const ending = end(['a'], { silentSince: 2_000 })
      await beating.commit()
      expect(await ending).toEqual([])
      const later = await hold((tx, store) => store.beat(tx, 9_000, beats))
      const ended = end(['a'], { silentSince: 5_000 })
      await later.undo()
      expect(await ended).toMatchObject([{ server: 'a' }])
      expect(await act('beat', 9_000, beats)).toEqual(new Map())
    })

    it('does not end as not ready what gets ready just now', async () => {
      await start('a')
      const confirming = await hold((tx, store) => store.confirm(tx, session('a'), null, 2_000))
      const ending = end(['a'], { onlyStarting: true, cause: 'not_ready' })
      await confirming.commit()
      expect(await ending).toEqual([])
      expect(await view('a')).toMatchObject({ ready: true, state: 'allocated' })
    })

    it('confirms, releases and ends once', async () => {
      await register('a')
      await reserve(1)
      await reserve(2)
      const confirmed = await times(10, (at) => act('confirm', session(1), 7_500 + at, 3_000))
      expect(confirmed.filter((one) => one !== null)).toHaveLength(1)
      const released = await times(10, () => act('release', session(1), 'completed', 3_000))
      expect(released.filter((one) => one !== null)).toHaveLength(1)
      expect(await read('a')).toMatchObject({ reserved: 2, sessions: 1 })
      const [last, ended] = await Promise.all([
        act('release', session(2), 'completed', 4_000),
        end(['a'], { cause: 'stopped' }),
      ])
      const isLost = ended[0]?.lost.includes(session(2)) === true
      expect(isLost).toBe(last === null)
      expect((await view(2))?.cause).toBe(isLost ? 'stopped' : null)
    })

    it('frees what a release waits for only once', async () => {
      await register('a')
      await reserve(1)
      await reserve(2)
      const freeing = await hold((tx, store) => store.freeSlots(tx, session(1), 1))
      const releasing = act('release', session(1), 'completed', 3_000)
      await freeing.commit()
      await releasing
      expect(await read('a')).toMatchObject({ reserved: 2, sessions: 1 })
    })

    it('keeps a kick that comes while another is marked as told', async () => {
      await register('a')
      await reserve(1)
      await act('kick', session(1), player, 'idle', 3_000)
      const told = [{ session: session(1), player, reason: 'idle', createdAt: 3_000 }]
      const marking = await hold((tx, store) => store.markKicksTold(tx, 3_001, 'a', told))
      const kicking = act('kick', session(1), player, 'banned', 3_002)
      await marking.commit()
      await kicking
      expect((await orders('a'))?.kick).toMatchObject([{ reason: 'banned', told: false }])
      const dropping = await hold((tx, store) => store.dropKicks(tx, 'a', told))
      const again = act('kick', session(1), player, 'again', 3_003)
      await dropping.commit()
      await again
      expect((await orders('a'))?.kick).toMatchObject([{ reason: 'again', told: false }])
    })

    it('launches one server for a session that two nodes launch for', async () => {
      const verdicts = await Promise.all([
        start('a', { session: session(1), node: 'node-1' }),
        start('b', { session: session(1), node: 'node-2' }),
        start('c', { session: session(1), node: 'node-1' }),
      ])
      expect(verdicts.map((one) => one.kind).sort()).toEqual(['existing', 'existing', 'launched'])
      const servers = verdicts.map((one) => ('allocation' in one ? one.allocation.server : null))
      expect(new Set(servers).size).toBe(1)
      expect([...(await rows('node-1')), ...(await rows('node-2'))]).toHaveLength(1)
    })

    it('gives a node’s ports one after the other, also where a launch is undone', async () => {
      const open = await hold((tx, store) => store.launch(tx, launch('a')))
      const other = start('b')
      const elsewhere = await start('c', { node: 'node-2' })
      expect(elsewhere.kind).toBe('launched')
      await open.undo()
      await other
      expect((await rows()).map((row) => [row.server, row.port])).toEqual([['b', 7_000]])
    })

    it('forgets nothing that somebody holds, and does not wait for it', async () => {
      await register('a')
      await register('b')
      await end(['a', 'b'])
      const open = await hold((tx, store) => store.register(tx, { ...registered('a'), now: 6_000 }))
      expect(await act('purge', { endedBefore: 6_000, kicksBefore: 0, limit: 10 })).toBe(1)
      await open.commit()
      expect(await read('a')).toMatchObject({ state: 'ready' })
      expect(await read('b')).toBeNull()
    })

    it('looks after the servers without a gap, whoever marks it first', async () => {
      await act('markSwept', 10_000, 5_000)
      const marks = await times(8, (at) => act('markSwept', 12_000 + at, 5_000))
      expect(new Set(marks)).toEqual(new Set([10_000]))
      expect(await act('markSwept', 17_007, 5_000)).toBe(10_000)
    })

    it('does several things in one transaction, or none of them', async () => {
      await register('a')
      await start('l')
      const failing = transact(async (tx, store) => {
        await store.reserve(tx, claim(1), 2_000)
        await store.confirm(tx, session(1), null, 2_000)
        await store.addSlots(tx, session(1), 1)
        await store.kick(tx, session(1), player, 'banned', 2_000)
        await store.end(tx, { servers: ['l'], cause: 'stopped', detail: null, now: 2_000 })
        expect(await store.read(tx, 'a', false)).toMatchObject({ reserved: 3 })
        expect((await store.ordersOf(tx, ['a'])).get('a')?.kick).toHaveLength(1)
        expect(Object.fromEntries(await store.counts(tx))).toEqual({ allocated: 1 })
        throw new Error('undone')
      })
      await expect(failing).rejects.toThrow('undone')
      expect(await read('a')).toMatchObject({ reserved: 0, sessions: 0 })
      expect(await orders('a')).toMatchObject({ kick: [], assign: [] })
      expect(await view('l')).toMatchObject({ state: 'starting' })
      expect(await reserve(2, { slots: 4 })).not.toBeNull()
    })
  })
}

const registered = (id: string) => ({
  ...{ id, name: id, address: '10.0.0.1', ports: { game: 7_000 }, gamePort: 7_000, capacity: 4, region: null },
  ...{ modes: ['duel'], maps: [], labels: {}, instance: `${id} run 2`, key },
})
