import type { PlayerId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ModuleGround, moduleGround } from '../../../../test/support/module-ground.ts'
import { dialectsMigrations, sqlMatchServerStore } from './store.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'

describe('what is kept of match servers', () => {
  let ground: ModuleGround
  const store = sqlMatchServerStore()
  beforeEach(async () => {
    ground = await moduleGround(dialectsMigrations)
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  const once = <T>(
    run: Parameters<ModuleGround['db']['once']>[0] extends (tx: infer Tx) => unknown ? (tx: Tx) => Promise<T> : never,
  ) => ground.db.once(run)
  const put = (server: string, account = ann, expiresAt = 60_000, now = 0, reached = [`${server} plainly`]) => {
    const offer = { server, account, key: 'key_1', address: `${server}:7000`, expiresAt, reached } as const
    return once((tx) => store.putOffer(tx, offer, now))
  }
  const given = (number: number, account = ann) => ({
    ...({ session: `session_${number}`, match: `match_${number}`, server: 'a', instance: 'run_1', account } as const),
    createdAt: number,
  })

  it('is an offer of one account, which alone prolongs it', async () => {
    expect(await put('a')).toBe(true)
    expect(await put('a', bob)).toBe(false)
    expect(await put('a', ann, 90_000)).toBe(true)
    expect(await once((tx) => store.offersOf(tx, ['a', 'b']))).toEqual([
      { server: 'a', account: ann, key: 'key_1', address: 'a:7000', expiresAt: 90_000, revoked: false },
    ])
  })

  it('is the only one that leads to its server', async () => {
    expect(await put('a', ann, 60_000, 0, ['one', 'two'])).toBe(true)
    for (const account of [ann, bob]) expect(await put('b', account, 60_000, 0, ['three', 'two'])).toBe(false)
    expect(await put('b', bob, 60_000, 0, ['three'])).toBe(true)
    expect(await put('a', ann, 60_000, 0, ['three'])).toBe(false)
    expect(await put('a', ann, 60_000, 0, ['two'])).toBe(true)
    const both = await Promise.all(['c', 'd'].map((server) => put(server, ann, 60_000, 0, ['five', 'four'])))
    expect(both.sort()).toEqual([false, true])
  })

  it('revokes offers of an account, all or some; offered again, one counts again', async () => {
    for (const [server, account] of [
      ['a', ann],
      ['b', ann],
      ['c', bob],
    ] as const)
      await put(server, account)
    const revoke = async (account: PlayerId, servers: string[] | null) =>
      (await once((tx) => store.revokeOffers(tx, account, servers, 0))).map(({ server }) => server).sort()
    expect(await revoke(ann, ['b', 'c'])).toEqual(['b'])
    expect(await revoke(ann, [])).toEqual([])
    expect(await revoke(ann, null)).toEqual(['a', 'b'])
    await put('b')
    const offers = await once((tx) => store.listOffers(tx, null, 10))
    expect(offers.map(({ server, revoked }) => [server, revoked])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ])
    expect(await once((tx) => store.listOffers(tx, 'a', 1))).toMatchObject([{ server: 'b' }])
  })

  it('gives each thing to look at to one node, and to another if that one never comes back', async () => {
    for (const server of ['a', 'b', 'c']) await put(server)
    await once((tx) => store.addMatches(tx, [given(1), given(2), given(3), given(1)]))
    const nodes = Array.from({ length: 4 }, () => [
      once((tx) => store.takeOffers(tx, 10, 5_000, 2)).then((taken) => taken.map(({ server }) => server)),
      once((tx) => store.takeMatches(tx, 10, 5_000, 2)).then((taken) => taken.map(({ session }) => session)),
    ])
    const taken = (await Promise.all(nodes.flat())).flat().sort()
    expect(taken).toEqual(['a', 'b', 'c', 'session_1', 'session_2', 'session_3'])
    expect(await once((tx) => store.takeMatches(tx, 4_999, 9_000, 10))).toEqual([])
    expect(await once((tx) => store.takeMatches(tx, 5_000, 9_000, 10))).toHaveLength(3)
    await once((tx) => store.lookAtMatch(tx, 'session_2', 5_001))
    expect(await once((tx) => store.takeMatches(tx, 5_001, 9_000, 10))).toMatchObject([{ session: 'session_2' }])
  })

  it('knows a match by its id, by its session, and by its account', async () => {
    await once((tx) => store.addMatches(tx, [given(1), given(2), given(3, bob)]))
    await once((tx) => store.notePrepared(tx, 'session_2', true))
    expect(await once((tx) => store.matchOf(tx, 'match_2'))).toMatchObject({
      session: 'session_2',
      prepared: true,
      reports: true,
    })
    expect(await once((tx) => store.matchOfSession(tx, 'session_1'))).toMatchObject({
      match: 'match_1',
      prepared: false,
    })
    const own = await once((tx) => store.matchesOf(tx, ann, 5))
    expect(own.map(({ match }) => match)).toEqual(['match_2', 'match_1'])
    await once((tx) => store.removeMatches(tx, ['session_1']))
    expect(await once((tx) => store.matchOf(tx, 'match_1'))).toBeNull()
  })

  it('forgets whose it was', async () => {
    await put('a')
    await put('b', bob)
    await once((tx) => store.addMatches(tx, [given(1), given(2, bob)]))
    await once((tx) => store.forget(tx, ann, 5))
    expect(await once((tx) => store.offersBy(tx, ann))).toEqual([])
    expect(await once((tx) => store.matchesOf(tx, ann, 5))).toEqual([])
    expect(await once((tx) => store.listOffers(tx, null, 5))).toMatchObject([
      { revoked: true },
      { account: bob, revoked: false },
    ])
  })
})
