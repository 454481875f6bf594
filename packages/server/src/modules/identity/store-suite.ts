import type { LoginId, PlayerId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Db } from '../../platform/db.ts'
import type { IdentityStore, NewLogin } from './store/index.ts'

export interface IdentityStoreGround extends AsyncDisposable {
  db: Db
  store: IdentityStore
}

export const bytes = (text: string) => Buffer.from(text.padEnd(32, '.'))
const failed = new Error('planted')

/** What every store of identity keeps to, whatever it is made of. */
export function identityStoreSuite(name: string, open: () => Promise<IdentityStoreGround>): void {
  describe(`identity store: ${name}`, () => {
    let ground: IdentityStoreGround
    let db: Db
    let store: IdentityStore
    beforeEach(async () => {
      ground = await open()
      db = ground.db
      store = ground.store
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const login = (id: string, changed: Partial<NewLogin> = {}): NewLogin => ({
      ...{ id: `login_${id}`, tokenHash: bytes(id), createdAt: 100, expiresAt: 1_000, endsAt: 2_000, addressTag: null },
      ...changed,
    })
    const account = (player: PlayerId, username: string) => ({
      ...{ player, username, usernameKey: username.toLowerCase(), nick: username, passwordHash: `hash of ${username}` },
      ...{ operator: false, at: 100 },
    })
    const register = (player: PlayerId, username: string, first: NewLogin | null = null) =>
      db.once((tx) => store.accounts.create(tx, account(player, username), first, null))
    const guests = (...list: [id: PlayerId, nick: string][]) =>
      db.once((tx) =>
        store.players.createGuests(
          tx,
          list.map(([id, nick]) => ({ id, nick, nickKey: nick.toLowerCase(), login: login(id.slice(7)) })),
        ),
      )
    const end = (which: Parameters<IdentityStore['logins']['end']>[1]['which'], now = 200) =>
      db.once((tx) => store.logins.end(tx, { which, now, reason: 'logout', keptUntil: now + 900 }))
    const openFor = (player: PlayerId, id: string, passwordHash: string | null = null) =>
      db.once((tx) => store.logins.open(tx, { player, passwordHash, login: login(id), audit: null }))
    const read = (id: LoginId) => db.once((tx) => store.logins.read(tx, id))
    const people = (...ids: PlayerId[]) => db.once((tx) => store.players.people(tx, ids))

    describe('accounts', () => {
      it('are made with their player and first login, or not at all', async () => {
        expect(await register('player_a', 'Ann', login('a'))).toBe(true)
        expect(await register('player_b', 'ANN', login('b'))).toBe(false)
        expect(await register('player_a', 'Other', login('c'))).toBe(false)
        expect([...(await people('player_a', 'player_b'))]).toEqual([
          ['player_a', { nick: 'Ann', guest: false, createdAt: 100, username: 'Ann' }],
        ])
        expect(await read('login_a')).toMatchObject({ player: 'player_a', nick: 'Ann', guest: false, ended: false })
        expect(await Promise.all([read('login_b'), read('login_c')])).toEqual([null, null])
      })
      it('are one, of a hundred made at once under one name', async () => {
        const made = await Promise.all(Array.from({ length: 100 }, (_, at) => register(`player_${at}`, 'ann')))
        expect(made.filter(Boolean)).toHaveLength(1)
      })
      it('are found by name, with whether the address is known', async () => {
        await register('player_a', 'Ann', login('a', { addressTag: 'home' }))
        const named = (key: string, tag: string | null) => db.once((tx) => store.accounts.named(tx, key, tag))
        expect(await named('ann', 'home')).toMatchObject({ player: 'player_a', username: 'Ann', atHome: true })
        expect(await named('ann', 'elsewhere')).toMatchObject({ passwordHash: 'hash of Ann', atHome: false })
        expect(await named('ann', null)).toMatchObject({ atHome: false })
        expect(await named('bob', 'home')).toBeNull()
      })
      it('change their password only from the one that was meant', async () => {
        await register('player_a', 'ann')
        const change = (from: string, to: string) =>
          db.once((tx) => store.accounts.changePassword(tx, { player: 'player_a', from, to, at: 1 }))
        expect(await change('hash of ann', 'next')).toBe(true)
        expect(await change('hash of ann', 'other')).toBe(false)
      })
      it('come of guests, once, under a free name', async () => {
        await guests(['player_g', 'Guest#1'], ['player_h', 'Guest#2'])
        await register('player_a', 'ann')
        const upgrade = (player: PlayerId, username: string) =>
          db.transact((tx) =>
            store.accounts.upgrade(tx, account(player, username), { at: 1, what: 'upgraded', player }),
          )
        expect(await upgrade('player_g', 'Ann')).toBe(false)
        expect(await upgrade('player_a', 'ann2')).toBe(false)
        expect(
          (await Promise.all(['one', 'two', 'three'].map((to) => upgrade('player_g', to)))).filter(Boolean),
        ).toEqual([true])
        expect((await people('player_g')).get('player_g')).toMatchObject({ guest: false })
        expect(await db.once((tx) => store.players.rename(tx, 'player_h', 'Guest#1', 'guest#1'))).toBe('renamed')
      })
    })

    describe('guests', () => {
      it('are made where the nick is free, together', async () => {
        expect((await guests(['player_a', 'X#1'], ['player_b', 'x#1'], ['player_c', 'x#2'])).sort()).toEqual([
          'player_a',
          'player_c',
        ])
        expect(await guests(['player_d', 'X#2'], ['player_a', 'x#3'])).toEqual([])
        expect(await read('login_c')).toMatchObject({ player: 'player_c', nick: 'x#2', guest: true })
        expect(await read('login_d')).toBeNull()
      })
      it('are never under one nick, though batches want the same in other orders', async () => {
        const nicks = Array.from({ length: 40 }, (_, at) => `n#${at}`)
        const batch = (maker: number) =>
          guests(
            ...nicks
              .map((nick, at): [PlayerId, string] => [`player_${maker}x${at}`, nick])
              .sort(() => (maker % 2 === 0 ? 1 : -1)),
          )
        const made = (await Promise.all([0, 1, 2, 3].map(batch))).flat()
        expect(made).toHaveLength(40)
      })
      it('are renamed where the nick is free, as guests', async () => {
        await guests(['player_a', 'a#1'], ['player_b', 'b#1'])
        const rename = (player: PlayerId, nick: string, key: string | null) =>
          db.once((tx) => store.players.rename(tx, player, nick, key))
        expect(await rename('player_a', 'B#1', 'b#1')).toBe('taken')
        expect(await rename('player_a', 'c#1', 'c#1')).toBe('renamed')
        expect(await rename('player_a', 'plain', null)).toBe('gone')
        expect(await rename('player_z', 'z#1', 'z#1')).toBe('gone')
      })
    })

    describe('logins', () => {
      beforeEach(async () => {
        await register('player_a', 'ann', login('a'))
      })
      const rotation = (from: string, to: string, now: number) => ({
        ...{ login: 'login_a' as const, fromHash: bytes(from), toHash: bytes(to), sealed: Buffer.from(to) },
        expiresAt: now + 1_000,
      })
      const rotate = async (from: string, to: string, now = 200) =>
        (await db.once((tx) => store.logins.rotate(tx, [rotation(from, to, now)], now)))[0]
      it('open for who is there, with the password that was meant', async () => {
        expect(await openFor('player_a', 'b', 'hash of ann')).toEqual({
          ...{ player: 'player_a', nick: 'ann', guest: false, endsAt: 2_000 },
        })
        expect(await openFor('player_a', 'c', 'another hash')).toBeNull()
        expect(await openFor('player_z', 'd')).toBeNull()
        expect(await Promise.all([read('login_c'), read('login_d')])).toEqual([null, null])
      })
      it('do not open for who is banned, until then', async () => {
        const ban = { player: 'player_a', reason: 'x', at: 100, until: 150 } as const
        expect(await db.once((tx) => store.players.ban(tx, ban))).toBe(true)
        expect(await openFor('player_a', 'b')).toBeNull()
        const later = {
          player: 'player_a',
          passwordHash: null,
          login: login('c', { createdAt: 150 }),
          audit: null,
        } as const
        expect(await db.once((tx) => store.logins.open(tx, later))).not.toBeNull()
        expect(await db.once((tx) => store.players.unban(tx, 'player_a', 160))).toBe(true)
        expect(await openFor('player_a', 'd')).not.toBeNull()
        expect(await db.once((tx) => store.players.bansOf(tx, 'player_a'))).toEqual([{ ...ban, liftedAt: 160 }])
      })
      it('go on from the good token alone, and remember the one before', async () => {
        expect(await rotate('a', 'b')).toMatchObject({ player: 'player_a', endsAt: 2_000 })
        expect(await rotate('a', 'c')).toBeNull()
        expect(await read('login_a')).toMatchObject({
          ...{ tokenHash: bytes('b'), priorHash: bytes('a'), successorSealed: Buffer.from('b') },
          ...{ refreshedAt: 200, expiresAt: 1_200 },
        })
      })
      it('go on once, of fifty at once', async () => {
        const rotated = await Promise.all(Array.from({ length: 50 }, (_, to) => rotate('a', `to ${to}`)))
        expect(rotated.filter((one) => one !== null)).toHaveLength(1)
      })
      it('go on together, each its own way, and one way where two are asked for', async () => {
        await register('player_b', 'bob', login('b'))
        const other = { ...rotation('b', 'b2', 200), login: 'login_b' as const }
        const asked = [rotation('a', 'a2', 200), other, rotation('a', 'a3', 200), rotation('x', 'a4', 200)]
        const turned = await db.transact((tx) => store.logins.rotate(tx, asked, 200))
        expect(turned[1]).toMatchObject({ player: 'player_b' })
        expect(turned[3]).toBeNull()
        expect([turned[0], turned[2]].filter((one) => one !== null)).toHaveLength(1)
        expect((await read('login_a'))?.tokenHash).toEqual(bytes(turned[0] === null ? 'a3' : 'a2'))
      })
      it('never go on past their end, or after it', async () => {
        await rotate('a', 'b', 999)
        expect((await read('login_a'))?.expiresAt).toBe(1_999)
        await rotate('b', 'c', 1_998)
        expect((await read('login_a'))?.expiresAt).toBe(2_000)
        expect(await rotate('c', 'd', 2_000)).toBeNull()
      })
      it('take a fresh token that forgets the ones before', async () => {
        await rotate('a', 'b')
        const fresh = { login: 'login_a', toHash: bytes('f'), prior: null, now: 300, expiresAt: 1_300 } as const
        expect(await db.once((tx) => store.logins.replace(tx, fresh))).not.toBeNull()
        expect(await read('login_a')).toMatchObject({ tokenHash: bytes('f'), priorHash: null, successorSealed: null })
        await end({ login: 'login_a' })
        expect(await db.once((tx) => store.logins.replace(tx, fresh))).toBeNull()
      })
      it('take a fresh token that the one before leads to, if that is still theirs', async () => {
        const fresh = { login: 'login_a', toHash: bytes('f'), now: 300, expiresAt: 1_300 } as const
        const replace = (hash: string) =>
          db.once((tx) => store.logins.replace(tx, { ...fresh, prior: { hash: bytes(hash), sealed: bytes('s') } }))
        expect(await replace('x')).toBeNull()
        expect(await replace('a')).toMatchObject({ player: 'player_a' })
        expect(await read('login_a')).toMatchObject({
          ...{ tokenHash: bytes('f'), priorHash: bytes('a'), successorSealed: bytes('s'), refreshedAt: 300 },
        })
      })
      it('end once: one, all but one, the oldest', async () => {
        for (const [at, id] of ['b', 'c', 'd'].entries()) {
          const request = {
            player: 'player_a',
            passwordHash: null,
            login: login(id, { createdAt: 101 + at }),
            audit: null,
          } as const
          await db.once((tx) => store.logins.open(tx, request))
        }
        const ids = (ended: { login: string }[]) => ended.map((one) => one.login).sort()
        expect(ids(await end({ player: 'player_a', beyond: 3 }))).toEqual(['login_a'])
        expect(ids(await end({ login: 'login_b' }))).toEqual(['login_b'])
        expect(ids(await end({ login: 'login_b' }))).toEqual([])
        expect(ids(await end({ player: 'player_a', except: 'login_d' }))).toEqual(['login_c'])
        expect(ids(await end({ player: 'player_a' }))).toEqual(['login_d'])
        expect(await rotate('a', 'b')).toBeNull()
      })
    })

    describe('logins of one player', () => {
      it('end by many hands at once, none in the way of another', async () => {
        await register('player_a', 'ann')
        const ended = await Promise.all(
          Array.from({ length: 300 }, async (_, at) => {
            await openFor('player_a', `x${at}`)
            return end({ player: 'player_a', beyond: 20 })
          }),
        )
        const logins = ended.flat().map(({ login }) => login)
        expect([logins.length, new Set(logins).size]).toEqual([280, 280])
      })
    })

    describe('endings', () => {
      const since = (cursor: string | null, now = 200) => db.once((tx) => store.logins.endedSince(tx, cursor, now))
      beforeEach(async () => {
        await guests(['player_a', 'a#1'], ['player_b', 'b#1'], ['player_c', 'c#1'])
      })
      it('are read on from a cursor', async () => {
        await end({ login: 'login_a' })
        const first = await since(null)
        expect(first.ended).toEqual([{ login: 'login_a', player: 'player_a', keptUntil: 1_100 }])
        await end({ login: 'login_b' })
        const second = await since(first.cursor)
        expect(second.ended.map((one) => one.login)).toContain('login_b')
        await expect.poll(async () => (await since((await since(null)).cursor)).ended).toEqual([])
      })
      it('are not passed over where an earlier one commits later', async () => {
        let commit: () => void = () => undefined
        const held = new Promise<void>((resolve) => {
          commit = resolve
        })
        let begin: () => void = () => undefined
        const begun = new Promise<void>((resolve) => {
          begin = resolve
        })
        const slow = db.transact(async (tx) => {
          await store.logins.end(tx, { which: { login: 'login_a' }, now: 200, reason: 'logout', keptUntil: 1_100 })
          begin()
          await held
        })
        await begun
        await end({ login: 'login_b' })
        const first = await since(null)
        expect(first.ended.map((one) => one.login)).toEqual(['login_b'])
        commit()
        await slow
        expect((await since(first.cursor)).ended.map((one) => one.login)).toContain('login_a')
      })
      it('come to nothing with their transaction', async () => {
        const broken = db.transact(async (tx) => {
          await store.logins.end(tx, { which: { login: 'login_a' }, now: 200, reason: 'logout', keptUntil: 1_100 })
          throw failed
        })
        await expect(broken).rejects.toBe(failed)
        expect((await since(null)).ended).toEqual([])
        expect(await read('login_a')).toMatchObject({ ended: false })
      })
      it('are told while a token may live, and swept after', async () => {
        await end({ login: 'login_a' })
        expect((await since(null, 1_100)).ended).toEqual([])
        expect(await db.once((tx) => store.logins.sweepEnded(tx, 1_100, 10))).toBe(0)
        expect(await db.once((tx) => store.logins.sweepEnded(tx, 1_101, 10))).toBe(1)
      })
    })

    describe('keeping', () => {
      it('removes logins by batches, expired ones only', async () => {
        await guests(['player_a', 'a#1'], ['player_b', 'b#1'], ['player_c', 'c#1'])
        await end({ login: 'login_c' }, 150)
        const sweep = (before: number, max: number) => db.once((tx) => store.logins.sweepLogins(tx, before, max))
        expect(await sweep(1_000, 10)).toBe(1)
        expect(await sweep(1_001, 1)).toBe(1)
        expect(await sweep(1_001, 10)).toBe(1)
      })
      it('appends to the audit, shows a player’s part, and lets old entries go', async () => {
        for (const at of [1, 2, 3]) {
          await db.once((tx) => store.audit.append(tx, { at, what: 'signed_in', player: 'player_a', address: 'x' }))
        }
        const shown = await db.once((tx) => store.audit.of(tx, 'player_a', 2))
        expect(shown.map(({ at }) => at)).toEqual([1, 2])
        expect(await db.once((tx) => store.audit.sweep(tx, 3, 10))).toBe(2)
      })
      it('erases whatever names a player, and may be asked twice', async () => {
        await register('player_a', 'ann', login('a'))
        await db.once((tx) => store.audit.append(tx, { at: 1, what: 'signed_in', player: 'player_a', address: 'x' }))
        const erase = () => db.transact((tx) => store.players.erase(tx, 'player_a', 5))
        expect([await erase(), await erase()]).toEqual([true, false])
        expect([(await people('player_a')).size, await read('login_a')]).toEqual([0, null])
        expect((await db.once((tx) => store.audit.of(tx, 'player_a', 9))).map(({ address }) => address)).toEqual([null])
        expect(await register('player_b', 'ann')).toBe(true)
      })
    })

    describe('keys', () => {
      const key = (id: string, secret = id) => ({
        ...{ id: `key_${id}` as const, name: id, scopes: ['server' as const], secretHash: bytes(secret) },
        ...{ createdAt: 1, expiresAt: null },
      })
      it('are kept, listed, used and revoked once', async () => {
        await db.once((tx) => store.keys.put(tx, key('a')))
        await db.once((tx) => store.keys.put(tx, key('b')))
        await db.once((tx) =>
          store.keys.touch(tx, [
            { id: 'key_a', at: 9 },
            { id: 'key_z', at: 9 },
          ]),
        )
        await db.once((tx) => store.keys.touch(tx, [{ id: 'key_a', at: 8 }]))
        expect(await db.once((tx) => store.keys.revoke(tx, 'key_b', 7))).toBe(true)
        expect(await db.once((tx) => store.keys.revoke(tx, 'key_b', 8))).toBe(false)
        expect(await db.once((tx) => store.keys.list(tx))).toEqual([
          { ...key('a'), lastUsedAt: 9, revokedAt: null },
          { ...key('b'), lastUsedAt: null, revokedAt: 7 },
        ])
      })
      it('take a new secret where the same key is made again', async () => {
        await db.once((tx) => store.keys.put(tx, key('a', 'first')))
        await db.once((tx) => store.keys.put(tx, key('a', 'second')))
        expect((await db.once((tx) => store.keys.read(tx, 'key_a')))?.secretHash).toEqual(bytes('second'))
      })
      it('of signing are one a generation', async () => {
        const signing = (generation: number, kid: string) => ({
          ...{ generation, kid, publicX: kid, privateSealed: bytes(kid), signsFrom: 1, createdAt: 1 },
        })
        await Promise.all(['a', 'b', 'c'].map((kid) => db.once((tx) => store.signingKeys.add(tx, signing(1, kid)))))
        await db.once((tx) => store.signingKeys.add(tx, signing(2, 'd')))
        const generations = async () => (await db.once((tx) => store.signingKeys.list(tx))).map((one) => one.generation)
        expect(await generations()).toEqual([1, 2])
        await db.once((tx) => store.signingKeys.removeBelow(tx, 2))
        expect(await generations()).toEqual([2])
      })
      it('of the first operator fit one door', async () => {
        const first = (player: PlayerId, name: string) =>
          db.transact((tx) => store.accounts.createFirstOperator(tx, { ...account(player, name), operator: true }))
        await register('player_a', 'operator')
        expect(await first('player_b', 'operator')).toBe('taken')
        const made = await Promise.all([0, 1, 2].map((at) => first(`player_o${at}`, `operator${at}`)))
        expect(made.sort()).toEqual(['exists', 'exists', 'made'])
        expect(await db.once((tx) => store.accounts.operators(tx))).toHaveLength(1)
      })
    })
  })
}
