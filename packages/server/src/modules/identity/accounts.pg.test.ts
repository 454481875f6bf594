import { hash } from '@node-rs/argon2'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround } from '../../../test/support/identity-ground.ts'

const password = 'correct horse staple'

describe('accounts', () => {
  let home: IdentityGround
  beforeAll(async () => {
    home = await identityGround()
  })
  afterAll(() => home[Symbol.asyncDispose]())

  const register = (body: object) => home.ask('POST /auth/register', { body })
  const login = (body: object) => home.ask('POST /auth/login', { body })

  describe('registering', () => {
    it('makes a player with an account, and signs in', async () => {
      const { status, body, headers } = await register({ username: 'Ann', password })
      expect(status).toBe(201)
      expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'token_type', 'user_id'])
      expect([body.token_type, body.expires_in, headers['cache-control']]).toEqual(['Bearer', 900, 'no-store'])
      const people = await home.identity.peopleOf([body.user_id])
      expect(people.get(body.user_id)).toMatchObject({ nick: 'Ann', username: 'Ann', guest: false })
    })
    it('takes a nick of its own, but none that looks like a guest’s', async () => {
      const { body } = await register({ username: 'anna', password, nick: 'Añá the 1st' })
      expect((await home.identity.peopleOf([body.user_id])).get(body.user_id)?.nick).toBe('Añá the 1st')
      const refused = await register({ username: 'anne', password, nick: 'anne#4821' })
      expect([refused.status, refused.code, refused.body.errors[0].field]).toEqual([
        400,
        'INVALID_REQUEST',
        'body.nick',
      ])
      expect((await login({ username: 'anne', password })).code).toBe('INVALID_CREDENTIALS')
    })
    it('refuses a name that is taken, in whatever case', async () => {
      await home.register('taken')
      expect((await register({ username: 'TAKEN', password })).code).toBe('USERNAME_TAKEN')
    })
    it('names every offending field', async () => {
      const { status, body } = await register({ username: 'a b', password: 'short', admin: true })
      expect(status).toBe(400)
      expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
        'body.admin',
        'body.password',
        'body.username',
      ])
    })
    it('[security 11] refuses passwords that everybody tries first', async () => {
      const { status, code, body } = await register({ username: 'careless', password: 'Password123' })
      expect([status, code, body.errors[0].field]).toEqual([400, 'INVALID_REQUEST', 'body.password'])
    })
    it('lets one of two hundred have the name, and hashes little for the rest', async () => {
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => register({ username: 'wanted', password: 'a phrase of my own' })),
      )
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
      expect(answers.filter(({ code }) => code === 'USERNAME_TAKEN')).toHaveLength(199)
    })
    it('answers a repetition with the same key as the first time', async () => {
      const headers = { 'idempotency-key': 'once' }
      const body = { username: 'repeated', password }
      const first = await home.ask('POST /auth/register', { body, headers })
      const second = await home.ask('POST /auth/register', { body, headers })
      expect(second.body).toEqual(first.body)
    })
    it('finds its own player when the answer was lost in a crash', async () => {
      const headers = { 'idempotency-key': 'crashed' }
      const body = { username: 'crashed', password }
      const first = await home.ask('POST /auth/register', { body, headers })
      await home.rows(sql`update platform_idempotency set answer = null, running_until = null`)
      const second = await home.ask('POST /auth/register', { body, headers })
      expect([second.status, second.body.user_id]).toEqual([201, first.body.user_id])
      expect(await home.isLetIn(second.body)).toBe(true)
    })
  })

  describe('signing in', () => {
    it('knows the right password, in either spelling of its letters', async () => {
      await home.register('beth', 'caf\u00e9 au lait')
      expect((await login({ username: 'BETH', password: 'cafe\u0301 au lait' })).status).toBe(200)
    })
    it('[security 13] says the same of a wrong password and an unknown name', async () => {
      await home.register('carl')
      const wrong = await login({ username: 'carl', password: 'wrong horse staple' })
      const unknown = await login({ username: 'nobody', password: 'wrong horse staple' })
      for (const { body } of [wrong, unknown]) delete body.request_id
      expect([unknown.status, unknown.body]).toEqual([401, wrong.body])
      expect(wrong.body.code).toBe('INVALID_CREDENTIALS')
    })
    it('has nothing to say to what cannot be a name', async () => {
      for (const username of ['', 'a b', '\u00e9'.repeat(256), "' or 1=1 --"]) {
        expect((await login({ username, password })).code).toBe('INVALID_CREDENTIALS')
      }
      expect((await login({ username: 'x'.repeat(257), password })).code).toBe('INVALID_REQUEST')
      expect((await login({ username: 'carl' })).code).toBe('INVALID_REQUEST')
    })
    it('[security 10] hashes anew where the settings have changed, once', async () => {
      await home.register('dora')
      const old = await hash(password, { memoryCost: 8_192, timeCost: 1, parallelism: 1 })
      await home.rows(sql`update identity_accounts set password_hash = ${old} where username_key = 'dora'`)
      const hashOf = async () => {
        const [row] = await home.rows(
          sql<{ password_hash: string }>`select password_hash from identity_accounts where username_key = 'dora'`,
        )
        return row?.password_hash
      }
      await home.login('dora')
      const renewed = await hashOf()
      expect(renewed).toContain('m=19456,t=2,p=1')
      await home.login('dora')
      expect(await hashOf()).toBe(renewed)
    })
    it('ends the oldest login beyond the limit', async () => {
      await using small = await identityGround({ loginsMax: 2 })
      const first = await small.register('many')
      await small.ground.clock.advance(1_000)
      const second = await small.login('many')
      await small.ground.clock.advance(1_000)
      const third = await small.login('many')
      expect(await Promise.all([first, second, third].map(small.isLetIn))).toEqual([false, true, true])
    })
  })

  describe('a guest who becomes an account', () => {
    const upgrade = (token: string, body: object) => home.ask('POST /auth/upgrade', { token, body })
    it('keeps the id and the login, and is called by the username', async () => {
      const guest = await home.guest('rook')
      const { status, body } = await upgrade(guest.access_token, { username: 'rook', password })
      expect([status, body.user_id]).toEqual([200, guest.user_id])
      expect((await home.identity.peopleOf([guest.user_id])).get(guest.user_id)).toMatchObject({
        ...{ nick: 'rook', username: 'rook', guest: false },
      })
      expect((await home.identity.verifyAccess(body.access_token))?.guest).toBe(false)
      expect((await home.login('rook')).user_id).toBe(guest.user_id)
      expect((await home.refresh(body)).status).toBe(200)
      expect((await home.refresh(guest)).code).toBe('TOKEN_REUSED')
    })
    it('whose answer was lost goes on by the guest’s token, or by saying it again', async () => {
      const guest = await home.guest()
      const asked = { username: 'lost-answer', password }
      const { body: lost } = await upgrade(guest.access_token, asked)
      await home.ground.clock.advance(29_000)
      const { body: repeated } = await upgrade(guest.access_token, asked)
      expect(repeated.refresh_token).toBe(lost.refresh_token)
      const { status, body } = await home.refresh(guest)
      expect([status, body.refresh_token]).toEqual([200, lost.refresh_token])
      expect((await home.identity.verifyAccess(body.access_token))?.guest).toBe(false)
      expect((await home.refresh(body)).status).toBe(200)
      expect((await home.refresh(guest)).code).toBe('TOKEN_REUSED')
    })
    it('may say it again, and nothing else', async () => {
      const guest = await home.guest()
      const asked = { username: 'twice', password }
      await upgrade(guest.access_token, asked)
      expect((await upgrade(guest.access_token, asked)).status).toBe(200)
      expect((await upgrade(guest.access_token, { ...asked, password: 'another horse' })).code).toBe('NOT_A_GUEST')
      expect((await upgrade(guest.access_token, { ...asked, username: 'thrice' })).code).toBe('NOT_A_GUEST')
    })
    it('is one account, however many were asked for at once', async () => {
      const guest = await home.guest()
      const answers = await Promise.all(
        ['one', 'two', 'three'].map((name) => upgrade(guest.access_token, { username: `many-${name}`, password })),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    })
    it('is refused a name that is taken, and stays a guest', async () => {
      const guest = await home.guest()
      await home.register('holder')
      expect((await upgrade(guest.access_token, { username: 'Holder', password })).code).toBe('USERNAME_TAKEN')
      expect((await home.identity.peopleOf([guest.user_id])).get(guest.user_id)?.guest).toBe(true)
      expect((await home.refresh(guest)).status).toBe(200)
    })
    it('needs to be signed in', async () => {
      const { status, code } = await home.ask('POST /auth/upgrade', { body: { username: 'nobody', password } })
      expect([status, code]).toEqual([401, 'UNAUTHENTICATED'])
    })
  })

  describe('changing the password', () => {
    const change = (token: string, current_password: string, new_password: string) =>
      home.ask('POST /auth/password', { token, body: { current_password, new_password } })
    it('[security 9] ends every other login, and spends the refresh token', async () => {
      const here = await home.register('erin')
      const elsewhere = await home.login('erin')
      const { status, body } = await change(here.access_token, password, 'another good phrase')
      expect(status).toBe(200)
      expect(await Promise.all([here, body, elsewhere].map(home.isLetIn))).toEqual([true, true, false])
      expect((await home.refresh(elsewhere)).code).toBe('UNAUTHENTICATED')
      expect((await home.refresh(body)).status).toBe(200)
      expect((await login({ username: 'erin', password })).code).toBe('INVALID_CREDENTIALS')
      expect((await login({ username: 'erin', password: 'another good phrase' })).status).toBe(200)
    })
    it('may be said again where the answer was lost', async () => {
      const before = await home.register('lost-change')
      await change(before.access_token, password, 'another good phrase')
      const again = await change(before.access_token, password, 'another good phrase')
      expect(again.status).toBe(200)
      expect((await home.refresh(again.body)).status).toBe(200)
      expect((await change(before.access_token, password, 'a third good phrase')).code).toBe('INVALID_CREDENTIALS')
      expect((await home.refresh(before)).code).toBe('TOKEN_REUSED')
    })
    it('asks for the current one, and for a good one', async () => {
      const tokens = await home.register('frank')
      expect((await change(tokens.access_token, 'wrong', 'another good phrase')).code).toBe('INVALID_CREDENTIALS')
      expect((await change(tokens.access_token, password, 'password1')).body.errors[0].field).toBe('body.new_password')
      expect((await change(tokens.access_token, password, 'short')).code).toBe('INVALID_REQUEST')
      expect((await login({ username: 'frank', password })).status).toBe(200)
    })
    it('is not for guests', async () => {
      const guest = await home.guest()
      expect((await change(guest.access_token, 'x', 'another good phrase')).code).toBe('GUESTS_NOT_ALLOWED')
    })
    it('happens once of two at once', async () => {
      const tokens = await home.register('gina')
      const answers = await Promise.all(
        ['a phrase of one', 'a phrase of two'].map((next) => change(tokens.access_token, password, next)),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    })
  })
})
