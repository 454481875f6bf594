import type { GameId, PlayerId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Db, Tx } from '../../platform/db.ts'
import type { GamesStore, KeptGame } from './store.ts'

export interface GamesStoreGround extends AsyncDisposable {
  db: Db
  store: GamesStore
}

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'
const game = (name: string, over: Partial<KeptGame> = {}): KeptGame => ({
  ...{ id: `game_${name}` as GameId, session: `session_${name}`, passcode: `CODE${name}`, mode: 'coop', host: ann },
  ...{ playersMax: 4, createdAt: 1_000, endedAt: null },
  ...over,
})

/** What every store of private games keeps to, whatever it is made of. */
export function gamesStoreSuite(name: string, open: () => Promise<GamesStoreGround>): void {
  describe(`games store: ${name}`, () => {
    let ground: GamesStoreGround
    beforeEach(async () => {
      ground = await open()
    })
    afterEach(() => ground[Symbol.asyncDispose]())
    const run = <T>(verb: (tx: Tx, store: GamesStore) => Promise<T>) =>
      ground.db.transact((tx) => verb(tx, ground.store))
    const insert = (one: KeptGame) => run((tx, store) => store.insert(tx, one))
    const end = (id: string, at = 5_000) => run((tx, store) => store.end(tx, [id as GameId], at))

    it('keeps a game, and finds it by its id, its session and its passcode', async () => {
      expect(await insert(game('a'))).toBe(true)
      await insert(game('b', { host: null }))
      expect(await run((tx, store) => store.read(tx, 'game_a'))).toEqual(game('a'))
      expect(await run((tx, store) => store.ofSession(tx, 'session_b'))).toEqual(game('b', { host: null }))
      expect(await run((tx, store) => store.openBy(tx, 'CODEa'))).toEqual(game('a'))
      expect(await run((tx, store) => store.read(tx, 'game_none'))).toBeNull()
      expect(await run((tx, store) => store.ofSession(tx, 'session_none'))).toBeNull()
      expect(await run((tx, store) => store.openBy(tx, 'CODEnone'))).toBeNull()
      expect(await run((tx, store) => store.hostedBy(tx, ann))).toEqual([game('a')])
    })

    it('gives a passcode to one open game at a time, and frees it with its end', async () => {
      await insert(game('a'))
      expect(await insert(game('b', { passcode: 'CODEa' }))).toBe(false)
      expect(await run((tx, store) => store.read(tx, 'game_b'))).toBeNull()
      await end('game_a')
      expect(await run((tx, store) => store.openBy(tx, 'CODEa'))).toBeNull()
      expect(await insert(game('b', { passcode: 'CODEa' }))).toBe(true)
      expect((await run((tx, store) => store.openBy(tx, 'CODEa')))?.id).toBe('game_b')
    })

    it('refuses a second game of a session or an id', async () => {
      await insert(game('a'))
      await expect(insert(game('b', { session: 'session_a' }))).rejects.toMatchObject({ code: '23505' })
      await expect(insert(game('a', { session: 'session_b', passcode: 'OTHER' }))).rejects.toMatchObject({
        code: '23505',
      })
    })

    it('lists those that are open, page by page', async () => {
      for (const one of ['c', 'a', 'b']) await insert(game(one))
      await end('game_b')
      const page = (after: GameId | null, limit: number) =>
        run(async (tx, store) => (await store.open(tx, after, limit)).map(({ id }) => id))
      expect(await page(null, 9)).toEqual(['game_a', 'game_c'])
      expect(await page(null, 1)).toEqual(['game_a'])
      expect(await page('game_a', 9)).toEqual(['game_c'])
      expect(await page(null, 0)).toEqual([])
    })

    it('ends a game once', async () => {
      await insert(game('a'))
      await end('game_a', 5_000)
      await end('game_a', 6_000)
      expect((await run((tx, store) => store.read(tx, 'game_a')))?.endedAt).toBe(5_000)
      await run((tx, store) => store.end(tx, [], 1))
    })

    it('knows whom a host removed', async () => {
      await insert(game('a'))
      await insert(game('b'))
      const ban = (id: GameId) => run((tx, store) => store.ban(tx, id, bob))
      await ban('game_a')
      await ban('game_a')
      const isBanned = (id: GameId, player: PlayerId) => run((tx, store) => store.isBanned(tx, id, player))
      expect(await isBanned('game_a', bob)).toBe(true)
      expect([await isBanned('game_a', ann), await isBanned('game_b', bob)]).toEqual([false, false])
      await expect(ban('game_none')).rejects.toMatchObject({ code: '23503' })
    })

    it('forgets a player', async () => {
      await insert(game('a'))
      await insert(game('b', { host: bob }))
      await run((tx, store) => store.ban(tx, 'game_b', ann))
      await run((tx, store) => store.ban(tx, 'game_b', bob))
      await run((tx, store) => store.erase(tx, ann))
      expect((await run((tx, store) => store.read(tx, 'game_a')))?.host).toBeNull()
      expect((await run((tx, store) => store.read(tx, 'game_b')))?.host).toBe(bob)
      expect(await run((tx, store) => store.isBanned(tx, 'game_b', ann))).toBe(false)
      expect(await run((tx, store) => store.isBanned(tx, 'game_b', bob))).toBe(true)
    })

    it('removes what ended long ago, some at a time', async () => {
      for (const one of ['a', 'b', 'c', 'd']) await insert(game(one))
      await run((tx, store) => store.ban(tx, 'game_a', bob))
      await end('game_a', 1_000)
      await end('game_b', 2_000)
      await end('game_c', 3_000)
      const remove = (limit: number) => run((tx, store) => store.removeEnded(tx, 3_000, limit))
      expect([await remove(1), await remove(5), await remove(5)]).toEqual([1, 1, 0])
      expect(await run((tx, store) => store.read(tx, 'game_a'))).toBeNull()
      expect(await run((tx, store) => store.isBanned(tx, 'game_a', bob))).toBe(false)
      expect((await run((tx, store) => store.read(tx, 'game_c')))?.endedAt).toBe(3_000)
      expect((await run((tx, store) => store.openBy(tx, 'CODEd')))?.id).toBe('game_d')
    })
  })
}
