import type { KeyId, PlayerId, SessionId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Db } from '../../platform/db.ts'
import type { Claim, Registration } from './domain.ts'
import type { FleetStore, LaunchRequest } from './store.ts'

export interface FleetStoreGround extends AsyncDisposable {
  db: Db
  store: FleetStore
}

const key: KeyId = 'key_1'
const otherKey: KeyId = 'key_2'
const session = (name: string | number): SessionId => `session_${name}`
const player: PlayerId = 'player_ann'

const server = (id: string, over: Partial<Registration> & { instance?: string; key?: KeyId; now?: number } = {}) => ({
  ...{ id, name: id, address: '10.0.0.1', ports: { game: 7_000 }, gamePort: 7_000, capacity: 4, region: null },
  ...{ modes: ['duel'], maps: [], labels: {}, instance: `${id} run 1`, key, now: 1_000 },
  ...over,
})
const claim = (name: string | number, over: Partial<Claim> = {}): Claim => ({
  ...{ session: session(name), mode: 'duel', region: null, slots: 2, brief: { match_id: `match_${name}` } },
  ...over,
})
const launch = (id: string, over: Partial<LaunchRequest> = {}): LaunchRequest => ({
  ...claim(id),
  ...{ server: id, instance: `${id} run 1`, node: 'node-1', launcher: 'launcher_1', name: 'duel', host: '127.0.0.1' },
  ...{ ports: [7_000, 7_002], processesMax: 2, stopGraceMs: 10_000, readyTimeoutMs: 30_000, now: 1_000 },
  ...over,
})

/** What every store of the fleet keeps to, whatever it is made of. */
export function fleetStoreSuite(name: string, open: () => Promise<FleetStoreGround>): void {
  describe(`fleet store: ${name}`, () => {
    let ground: FleetStoreGround
    let db: Db
    let store: FleetStore
    beforeEach(async () => {
      ground = await open()
      db = ground.db
      store = ground.store
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const register = (...given: Parameters<typeof server>) => db.transact((tx) => store.register(tx, server(...given)))
    const reserve = (...given: Parameters<typeof claim>) =>
      db.transact((tx) => store.reserve(tx, claim(...given), 2_000))
    const start = (...given: Parameters<typeof launch>) => db.transact((tx) => store.launch(tx, launch(...given)))
    const read = (id: string, gone = true) => db.once((tx) => store.read(tx, id, gone))
    const view = async (name: string | number) =>
      (await db.once((tx) => store.viewOf(tx, [session(name)]))).get(session(name))
    const end = (servers: string[], over: Partial<Parameters<FleetStore['end']>[1]> = {}) =>
      db.transact((tx) => store.end(tx, { servers, cause: 'silent', detail: null, now: 5_000, ...over }))

    describe('directory', () => {
      it('keeps an id for the key that holds it, until the server is gone', async () => {
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
      })

      it('loses the sessions of an earlier run', async () => {
        await register('a')
        await reserve(1)
        expect(await register('a', { instance: 'a run 2' })).toEqual([session(1)])
        expect(await read('a')).toMatchObject({ reserved: 0, sessions: 0 })
        expect(await view(1)).toMatchObject({ state: 'gone', cause: 'restarted' })
        expect(await reserve(2)).toMatchObject({ allocation: { instance: 'a run 2' } })
      })

      it('takes beats only from the key of a live server', async () => {
        await register('a')
        await register('b')
        await end(['b'])
        const beat = { currentPlayers: 3, load: 0.5 }
        const heard = await db.transact((tx) =>
          store.beat(tx, 9_000, [
            { server: 'a', key: otherKey, ...beat, currentPlayers: 99 },
            { server: 'a', key, ...beat },
            { server: 'b', key, ...beat },
            { server: 'c', key, ...beat },
          ]),
        )
        expect([...heard]).toEqual([['a', key]])
        expect(await read('a')).toMatchObject({ currentPlayers: 3, load: 0.5, lastBeatAt: 9_000 })
      })

      it('tells who registered a live server', async () => {
        await register('a')
        await start('b')
        const registrantOf = (id: string) => db.once((tx) => store.registrantOf(tx, id))
        expect(await registrantOf('a')).toBe(key)
        expect(await registrantOf('b')).toBeNull()
        expect(await registrantOf('c')).toBeUndefined()
        await end(['a'])
        expect(await registrantOf('a')).toBeUndefined()
      })

      it('ends a server once, with whatever it holds', async () => {
        await register('a')
        await reserve(1)
        const all = await Promise.all([end(['a']), end(['a']), end(['a'])])
        expect(all.flat()).toEqual([{ server: 'a', node: null, lost: [session(1)] }])
        expect(await read('a')).toMatchObject({ state: 'gone', reserved: 0, goneCause: 'silent' })
        expect(await read('a', false)).toBeNull()
        expect(await view(1)).toMatchObject({ state: 'gone', cause: 'silent', failure: 'The game server fell silent.' })
        expect(await reserve(2)).toBeNull()
      })

      it('ends as silent only who has not beaten since', async () => {
        await register('a', { now: 1_000 })
        await register('b', { now: 3_000 })
        expect(await db.once((tx) => store.silentSince(tx, 2_000, 10))).toEqual(['a'])
        expect((await end(['a', 'b'], { silentSince: 2_000 })).map((one) => one.server)).toEqual(['a'])
        expect((await read('b'))?.state).toBe('ready')
      })

      it('tells since when somebody looks after the servers without a gap', async () => {
        const mark = (now: number) => db.once((tx) => store.markSwept(tx, now, 5_000))
        expect(await mark(10_000)).toBe(10_000)
        expect(await mark(14_000)).toBe(10_000)
        expect(await mark(19_000)).toBe(10_000)
        expect(await mark(24_001)).toBe(24_001)
        expect(await mark(20_000)).toBe(24_001)
      })

      it('lists by filter, page by page', async () => {
        await register('a', { region: 'eu', labels: { build: '7', tier: 'own' } })
        await register('b', { modes: [], maps: [1, 2], labels: { build: '7' } })
        await register('c', { region: 'eu', modes: ['duel', 'ffa'] })
        await end(['c'])
        const list = async (filter: Partial<Parameters<FleetStore['list']>[1]>) =>
          (await db.once((tx) => store.list(tx, { labels: {}, gone: false, limit: 10, ...filter }))).map(
            (one) => one.id,
          )
        expect(await list({})).toEqual(['a', 'b'])
        expect(await list({ gone: true })).toEqual(['a', 'b', 'c'])
        expect(await list({ limit: 1, after: 'a' })).toEqual(['b'])
        expect(await list({ map: 2 })).toEqual(['b'])
        expect(await list({ mode: 'duel' })).toEqual(['a'])
        expect(await list({ region: 'eu' })).toEqual(['a'])
        expect(await list({ labels: { build: '7' } })).toEqual(['a', 'b'])
        expect(await list({ labels: { build: '7', tier: 'own' } })).toEqual(['a'])
      })

      it('counts what lives, by state', async () => {
        await register('a')
        await register('b')
        await start('l')
        await reserve(1)
        await db.transact((tx) => store.drain(tx, 'b'))
        const counts = await db.once((tx) => store.counts(tx))
        expect(Object.fromEntries(counts)).toEqual({ allocated: 1, draining: 1, starting: 1 })
      })

      it('forgets what ended long ago, and nothing else', async () => {
        await register('a')
        await reserve(1)
        await start('l')
        await end(['a', 'l'], { now: 5_000 })
        await db.once((tx) => store.endProcess(tx, endedProcess('l')))
        await register('b')
        const purge = (endedBefore: number) =>
          db.transact((tx) => store.purge(tx, { endedBefore, kicksBefore: 0, limit: 10 }))
        expect(await purge(5_000)).toBe(0)
        expect(await purge(5_001)).toBe(5)
        expect(await view(1)).toBeUndefined()
        expect(await read('b')).not.toBeNull()
      })
    })

    describe('allocations', () => {
      it('packs: the fullest that still fits, then the least load', async () => {
        await register('a')
        await register('b')
        await register('c')
        await db.once((tx) => store.beat(tx, 1_000, [{ server: 'a', key, currentPlayers: 0, load: 0.9 }]))
        await db.once((tx) => store.beat(tx, 1_000, [{ server: 'b', key, currentPlayers: 0, load: 0.1 }]))
        await db.once((tx) => store.beat(tx, 1_000, [{ server: 'c', key, currentPlayers: 0, load: 0.5 }]))
        const servers = []
        for (const [at, slots] of [3, 2, 1, 2, 4].entries()) {
          servers.push((await reserve(at, { slots }))?.allocation.server ?? null)
        }
        expect(servers).toEqual(['b', 'c', 'b', 'c', 'a'])
        expect(await reserve('more', { slots: 1 })).toBeNull()
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

      it('gives a session one server in its life', async () => {
        await register('a')
        const first = await reserve(1)
        expect(first).toMatchObject({ fresh: true, allocation: { server: 'a', port: 7_000, host: '10.0.0.1' } })
        expect(await reserve(1)).toEqual({ allocation: first?.allocation, fresh: false })
        expect(await read('a')).toMatchObject({ reserved: 2, sessions: 1 })
        await db.transact((tx) => store.release(tx, session(1), 'completed', 3_000))
        expect(await reserve(1)).toBeNull()
        expect(await read('a')).toMatchObject({ reserved: 0, sessions: 0 })
      })

      it('gives one session that asks many times at once one allocation', async () => {
        await register('a', { capacity: 100 })
        await register('b', { capacity: 100 })
        const answers = await Promise.all(Array.from({ length: 40 }, () => reserve(1)))
        expect(new Set(answers.map((one) => one?.allocation.server)).size).toBe(1)
        expect(answers.filter((one) => one?.fresh)).toHaveLength(1)
        expect(((await read('a'))?.reserved ?? 0) + ((await read('b'))?.reserved ?? 0)).toBe(2)
      })

      it('gives the last slot to one of two hundred who ask at once', async () => {
        await register('a', { capacity: 1 })
        const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => reserve(at, { slots: 1 })))
        expect(answers.filter((one) => one !== null)).toHaveLength(1)
        expect(await read('a')).toMatchObject({ reserved: 1, sessions: 1 })
      })

      it('fills servers to the brim under a crowd, and never further', async () => {
        for (const id of ['a', 'b', 'c']) await register(id, { capacity: 20 })
        const answers = await Promise.all(Array.from({ length: 90 }, (_, at) => reserve(at, { slots: 1 })))
        expect(answers.filter((one) => one !== null)).toHaveLength(60)
        for (const id of ['a', 'b', 'c']) expect((await read(id))?.reserved).toBe(20)
      })

      it('adds and frees slots within the capacity', async () => {
        await register('a')
        await reserve(1)
        const add = (count: number) => db.transact((tx) => store.addSlots(tx, session(1), count))
        const free = (count: number) => db.transact((tx) => store.freeSlots(tx, session(1), count))
        expect(await add(3)).toBe(false)
        expect(await add(2)).toBe(true)
        expect(await reserve(2, { slots: 1 })).toBeNull()
        await free(1)
        expect(await reserve(2, { slots: 1 })).not.toBeNull()
        await free(99)
        expect(await read('a')).toMatchObject({ reserved: 1, sessions: 2 })
        const racing = await Promise.all(Array.from({ length: 30 }, () => add(1)))
        expect(racing.filter(Boolean)).toHaveLength(3)
        expect((await read('a'))?.reserved).toBe(4)
      })

      it('offers a draining server to nobody', async () => {
        await register('a')
        await db.transact((tx) => store.drain(tx, 'a'))
        expect(await reserve(1)).toBeNull()
        expect(await db.transact((tx) => store.drain(tx, 'b'))).toBe(false)
      })

      it('confirms once, and keeps the port that was said first', async () => {
        await register('a')
        await reserve(1)
        const confirm = (port: number | null) => db.transact((tx) => store.confirm(tx, session(1), port, 3_000))
        expect(await view(1)).toMatchObject({ state: 'allocated', ready: false, port: 7_000 })
        expect(await confirm(7_500)).toEqual({ server: 'a', launched: false, createdAt: 2_000 })
        expect(await confirm(7_600)).toBeNull()
        expect(await view(1)).toMatchObject({ ready: true, port: 7_500 })
      })
    })

    describe('orders', () => {
      const orders = async (id = 'a') => (await db.once((tx) => store.ordersOf(tx, [id]))).get(id)

      it('repeats a brief until the session is confirmed', async () => {
        await register('a')
        await reserve(1)
        const assigned = { session: session(1), mode: 'duel', slots: 2, brief: { match_id: 'match_1' } }
        expect(await orders()).toEqual({ instance: 'a run 1', assign: [assigned], kick: [], drain: false })
        expect((await orders())?.assign).toEqual([assigned])
        await db.transact((tx) => store.confirm(tx, session(1), null, 3_000))
        expect((await orders())?.assign).toEqual([])
      })

      it('tells a registered server of sessions that are over, and of players to drop', async () => {
        await register('a')
        await reserve(1)
        await reserve(2)
        expect(await db.transact((tx) => store.kick(tx, session(2), player, 'banned', 3_000))).toBe('a')
        await db.transact((tx) => store.release(tx, session(1), 'cancelled', 3_001))
        const whole = { session: session(1), player: null, reason: 'cancelled', createdAt: 3_001, told: false }
        const one = { session: session(2), player, reason: 'banned', createdAt: 3_000, told: false }
        expect((await orders())?.kick).toEqual([one, whole])
        await db.once((tx) => store.markKicksTold(tx, 3_002, 'a', [one]))
        expect((await orders())?.kick.map((kick) => kick.told)).toEqual([true, false])
        await db.once((tx) => store.dropKicks(tx, 'a', [whole]))
        expect((await orders())?.kick).toEqual([{ ...one, told: true }])
        expect(await db.transact((tx) => store.kick(tx, session(1), player, 'late', 3_000))).toBeNull()
      })

      it('says that a server is to drain, and nothing to one that is gone', async () => {
        await register('a')
        await db.transact((tx) => store.drain(tx, 'a'))
        expect((await orders())?.drain).toBe(true)
        await end(['a'])
        expect(await orders()).toBeUndefined()
      })
    })

    describe('processes', () => {
      const rows = (node = 'node-1') => db.once((tx) => store.processesOf(tx, node))

      it('launches within the maximum, each on a port of its own, the last used one last', async () => {
        const verdicts = await Promise.all(['a', 'b', 'c', 'd'].map((id) => start(id)))
        expect(verdicts.map((one) => one.kind).sort()).toEqual(['full', 'full', 'launched', 'launched'])
        expect((await rows()).map((row) => row.port).sort()).toEqual([7_000, 7_001])
        const [first] = await rows()
        await end([first!.server])
        await db.once((tx) => store.endProcess(tx, endedProcess(first!.server)))
        await start('e')
        expect((await rows()).find((row) => row.server === 'e')?.port).toBe(7_002)
        expect((await start('f', { node: 'node-2' })).kind).toBe('launched')
      })

      it('has no port where other modes hold them all', async () => {
        await start('a', { mode: 'x', ports: [7_000, 7_001] })
        await start('b', { mode: 'x', ports: [7_000, 7_001] })
        expect((await start('c', { ports: [7_000, 7_001] })).kind).toBe('no_port')
      })

      it('gives a session that asks again the same server, and an ended one none', async () => {
        const first = await start('a')
        expect(first).toMatchObject({ kind: 'launched', allocation: { server: 'a', port: null, host: '127.0.0.1' } })
        expect(await start('b', { session: session('a') })).toEqual({ ...first, kind: 'existing' })
        await end(['a'])
        expect((await start('b', { session: session('a') })).kind).toBe('ended')
        expect(await read('b')).toBeNull()
      })

      it('shows the launcher what to do', async () => {
        await start('a')
        expect(await rows()).toMatchObject([
          { server: 'a', pid: null, wanted: true, state: 'starting', brief: { match_id: 'match_a' }, slots: 2 },
        ])
        const running = { server: 'a', launcher: 'launcher_2', pid: 77, startMark: 'boot 1' }
        expect(await db.once((tx) => store.recordProcess(tx, running))).toBe(true)
        expect(await db.transact((tx) => store.confirm(tx, session('a'), null, 2_000))).toMatchObject({
          launched: true,
        })
        expect(await rows()).toMatchObject([{ pid: 77, startMark: 'boot 1', launcher: 'launcher_2', state: 'ready' }])
        expect(await db.transact((tx) => store.release(tx, session('a'), 'completed', 3_000))).toEqual({
          ...{ server: 'a', launched: true, idle: true },
        })
        expect(await rows()).toMatchObject([{ wanted: false, state: 'draining' }])
        await db.once((tx) => store.endProcess(tx, endedProcess('a')))
        expect(await rows()).toEqual([])
        expect(await db.once((tx) => store.recordProcess(tx, running))).toBe(false)
      })

      it('moves a server to a port that nobody holds', async () => {
        await start('a')
        const move = (tried: number[]) =>
          db.transact((tx) =>
            store.movePort(tx, { server: 'a', node: 'node-1', ports: [7_000, 7_002], tried, now: 2_000 }),
          )
        expect(await move([7_000])).toBe(7_001)
        expect(await view('a')).toMatchObject({ port: 7_001 })
        expect((await read('a'))?.ports).toEqual({ game: 7_001 })
        expect(await move([7_000, 7_001, 7_002])).toBeNull()
      })

      it('beats for launched servers that live, and keeps their last lines', async () => {
        await start('a')
        await start('b')
        await register('r')
        await end(['b'])
        const living = await db.once((tx) => store.beatLaunched(tx, 9_000, ['a', 'b', 'r']))
        expect([...living]).toEqual(['a'])
        await db.once((tx) => store.saveOutput(tx, [{ server: 'a', lines: ['"one"', 'two\\'] }]))
        expect(await read('a')).toMatchObject({ lastBeatAt: 9_000, output: ['"one"', 'two\\'], launched: true })
      })

      it('ends as not ready only what is starting', async () => {
        await start('a')
        await start('b')
        await db.transact((tx) => store.confirm(tx, session('b'), null, 2_000))
        const ended = await end(['a', 'b'], { onlyStarting: true, cause: 'not_ready' })
        expect(ended).toEqual([{ server: 'a', node: 'node-1', lost: [session('a')] }])
        expect(await view('b')).toMatchObject({ state: 'allocated', ready: true })
      })
    })
  })
}

const endedProcess = (server: string) => ({ server, exitCode: 0, exitSignal: null, output: ['bye'], now: 5_000 })
