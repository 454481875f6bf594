import type { LoginId, PlayerId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Db } from '../../platform/db.ts'
import type { IdentityStore } from './store/index.ts'
import { bytes, type IdentityStoreGround } from './store-suite.ts'

/** What every store of identity keeps to with outside identities. */
export function identityLinksSuite(name: string, open: () => Promise<IdentityStoreGround>): void {
  describe(`identity store, links: ${name}`, () => {
    let ground: IdentityStoreGround
    let db: Db
    let store: IdentityStore
    beforeEach(async () => {
      ground = await open()
      db = ground.db
      store = ground.store
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const ann = { issuer: 'https://acme.example/', subject: 'ann' }
    const login = (id: string) => ({
      ...{ id: `login_${id}` as const, tokenHash: bytes(id), createdAt: 100, expiresAt: 1_000, endsAt: 2_000 },
      addressTag: null,
    })
    const guests = (...list: [id: PlayerId, nick: string][]) =>
      db.once((tx) =>
        store.players.createGuests(
          tx,
          list.map(([id, nick]) => ({ id, nick, nickKey: nick.toLowerCase(), login: login(id.slice(7)) })),
        ),
      )
    const people = (...ids: PlayerId[]) => db.once((tx) => store.players.people(tx, ids))
    const read = (id: LoginId) => db.once((tx) => store.logins.read(tx, id))
    const audit = { at: 100, what: 'registered' } as const
    const create = (player: PlayerId, identity = ann) =>
      db.once((tx) =>
        store.links.create(tx, { player, ...identity, nick: 'Ann', at: 100 }, login(player.slice(7)), audit),
      )
    const add = (player: PlayerId, identity = ann) =>
      db.once((tx) => store.links.add(tx, { player, ...identity, at: 200 }))
    const ownerOf = (identity = ann) => db.once((tx) => store.links.ownerOf(tx, identity))
    const enter = (player: PlayerId, id: string, link = ann) =>
      db.once((tx) => store.logins.open(tx, { player, passwordHash: null, link, login: login(id), audit: null }))

    it('make a player with a first login, or nothing', async () => {
      expect(await create('player_a')).toBe(true)
      expect(await create('player_b')).toBe(false)
      expect(await create('player_a', { ...ann, subject: 'other' })).toBe(false)
      expect([...(await people('player_a', 'player_b'))]).toEqual([
        ['player_a', { nick: 'Ann', guest: false, createdAt: 100, username: null }],
      ])
      expect(await ownerOf()).toEqual({ player: 'player_a', bannedUntil: null })
      expect(await ownerOf({ ...ann, issuer: 'https://other.example/' })).toBeNull()
      expect(await read('login_a')).toMatchObject({ player: 'player_a', guest: false })
      expect(await read('login_b')).toBeNull()
      expect(await db.once((tx) => store.audit.of(tx, 'player_a', 9))).toMatchObject([{ what: 'registered' }])
    })
    it('make one player, of two hundred at once with one identity', async () => {
      const made = await Promise.all(Array.from({ length: 200 }, (_, at) => create(`player_${at}`)))
      expect(made.filter(Boolean)).toHaveLength(1)
    })
    it('are one an issuer for a player, and one player for an identity', async () => {
      await guests(['player_a', 'a#1'], ['player_b', 'b#1'])
      expect(await add('player_a')).toBe(true)
      expect(await add('player_a')).toBe(false)
      expect(await add('player_a', { ...ann, subject: 'other' })).toBe(false)
      expect(await add('player_b')).toBe(false)
      expect(await add('player_a', { issuer: 'steam', subject: '1' })).toBe(true)
      expect(await db.once((tx) => store.links.of(tx, 'player_a'))).toEqual([
        { ...ann, linkedAt: 200 },
        { issuer: 'steam', subject: '1', linkedAt: 200 },
      ])
    })
    it('settle a guest, once, under a nick that others may have', async () => {
      await guests(['player_a', 'a#1'], ['player_b', 'b#1'])
      const settle = (player: PlayerId, nick: string) => db.once((tx) => store.links.settle(tx, player, nick))
      await settle('player_a', 'same')
      await settle('player_b', 'same')
      await settle('player_b', 'another')
      expect([...(await people('player_a', 'player_b')).values()]).toMatchObject([
        { nick: 'same', guest: false },
        { nick: 'same', guest: false },
      ])
      expect(await db.once((tx) => store.links.lock(tx, 'player_a'))).toEqual({ nick: 'same', guest: false })
      expect(await db.once((tx) => store.links.lock(tx, 'player_z'))).toBeNull()
    })
    it('lead in while they last, and while nobody bars the way', async () => {
      await create('player_a')
      expect(await enter('player_a', 'x')).toMatchObject({ player: 'player_a', nick: 'Ann' })
      expect(await enter('player_a', 'y', { ...ann, subject: 'other' })).toBeNull()
      await db.once((tx) => store.players.ban(tx, { player: 'player_a', reason: 'x', at: 100, until: null }))
      expect((await ownerOf())?.bannedUntil).toBeGreaterThan(1e14)
      expect(await enter('player_a', 'z')).toBeNull()
      await db.once((tx) => store.players.unban(tx, 'player_a', 101))
      const remove = () => db.once((tx) => store.links.remove(tx, 'player_a', ann.issuer))
      expect([await remove(), await remove()]).toEqual([true, false])
      expect(await enter('player_a', 'z')).toBeNull()
      expect(await create('player_b')).toBe(true)
    })
    it('do not lead in past somebody who is removing them', async () => {
      await create('player_a')
      let entering: Promise<unknown> = Promise.resolve()
      await db.transact(async (tx) => {
        await store.links.lock(tx, 'player_a')
        await store.links.remove(tx, 'player_a', ann.issuer)
        entering = enter('player_a', 'late')
      })
      expect(await entering).toBeNull()
    })
    it('go with their player', async () => {
      await create('player_a')
      await db.transact((tx) => store.players.erase(tx, 'player_a', 5))
      expect(await ownerOf()).toBeNull()
      expect(await create('player_b')).toBe(true)
    })
    it('may be followed by an account, which leaves the nick', async () => {
      await create('player_a')
      const upgrade = (username: string) =>
        db.once((tx) =>
          store.accounts.upgrade(
            tx,
            {
              ...{ player: 'player_a', username, usernameKey: username, nick: username, passwordHash: 'hash', at: 100 },
            },
            { at: 1, what: 'upgraded', player: 'player_a' },
          ),
        )
      expect([await upgrade('anna'), await upgrade('annie')]).toEqual([true, false])
      expect((await people('player_a')).get('player_a')).toMatchObject({ nick: 'Ann', username: 'anna' })
    })
  })
}
