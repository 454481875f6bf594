import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround, type Tokens } from '../../../test/support/identity-ground.ts'
import { type SteamWebApi, steamWebApi } from '../../../test/support/steam-web-api.ts'
import type { IdentityOptions } from './config.ts'
import { completeProviderOptions } from './providers/index.ts'

/** What becomes of an identity once a provider has vouched for it; whose tickets these are is no matter. */
describe('outside identities', () => {
  let steam: SteamWebApi
  let home: IdentityGround
  let known = 76_561_198_000_000
  beforeAll(async () => {
    steam = await steamWebApi()
    home = await open()
  })
  afterAll(async () => {
    await home[Symbol.asyncDispose]()
    await steam[Symbol.asyncDispose]()
  })

  const open = (given: Partial<IdentityOptions> = {}) => {
    const other = { kind: 'oidc', issuer: 'https://idp.example', clientId: 'game' }
    const providers = { steam: completeProviderOptions(steam.options), acme: completeProviderOptions(other) }
    return identityGround({ providers, ...given })
  }
  const anybody = () => `${++known}0001`
  const signIn = (subject: string, { at = home, address = '192.0.2.1' } = {}) =>
    at.ask('POST /auth/providers/steam', { body: { token: steam.ticket(subject) }, address })
  const link = (who: Tokens, subject: string, at = home) =>
    at.ask('POST /auth/link/steam', { token: who.access_token, body: { token: steam.ticket(subject) } })
  const unlink = (who: Tokens, provider = 'steam') =>
    home.ask(`DELETE /auth/link/${provider}`, { token: who.access_token })
  const linksOf = async (who: Tokens) => (await home.ask('GET /auth/links', { token: who.access_token })).body
  const personOf = async ({ user_id }: Tokens) => (await home.identity.peopleOf([user_id])).get(user_id)
  const verdict = ({ status, code }: { status: number; code: string }) => [status, code]
  const actsOf = async (who: Tokens) => {
    const { audit } = (await home.identity.personal.exportOf(who.user_id)) as { audit: { what: string }[] }
    return audit.map(({ what }) => what)
  }

  describe('of a provider that there is not', () => {
    it('are not looked at, whatever it is called', async () => {
      const names = [
        'nobody',
        '__proto__',
        'constructor',
        'toString',
        '..%2f..%2fetc',
        '%00',
        '%F0%9F%91%BB',
        "'%20or%201",
        'Steam',
        '%20steam',
      ]
      const { access_token: token } = await home.guest()
      for (const name of names) {
        const body = { token: steam.ticket(anybody()) }
        const answers = [
          await home.ask(`POST /auth/providers/${name}`, { body }),
          await home.ask(`POST /auth/link/${name}`, { body, token }),
          await home.ask(`DELETE /auth/link/${name}`, { token }),
        ]
        expect([name, ...answers.map(verdict)]).toEqual([name, ...Array(3).fill([404, 'PROVIDER_NOT_FOUND'])])
      }
      expect((await home.ask(`POST /auth/providers/${'x'.repeat(65)}`, { body: { token: 'x' } })).status).toBe(400)
      expect((await home.ask(`POST /auth/providers/${'x'.repeat(600)}`, { body: { token: 'x' } })).status).toBe(400)
    })
  })

  describe('signing in', () => {
    it('is one player, of two hundred at once for the first time', async () => {
      const token = steam.ticket(anybody())
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => home.ask('POST /auth/providers/steam', { body: { token } })),
      )
      // Steam is asked about so many at once; the rest are told to come back.
      const letIn = answers.filter(({ status }) => status < 300)
      expect(letIn.filter(({ status }) => status === 201)).toHaveLength(1)
      expect(letIn.length).toBeGreaterThanOrEqual(64)
      expect(new Set(letIn.map(({ body }) => body.user_id)).size).toBe(1)
      expect(new Set(answers.filter(({ status }) => status >= 300).map(({ code }) => code))).toEqual(new Set(['BUSY']))
      const rows = await home.rows(sql<{ n: number }>`
        select count(*)::int as n from identity_players p
        where not guest and not exists (select from identity_links l where l.player = p.id)
          and not exists (select from identity_accounts a where a.player = p.id)`)
      expect(rows).toEqual([{ n: 0 }])
    })
    it('names every offending field', async () => {
      const bad = await home.ask('POST /auth/providers/steam', { body: { ticket: 'x' } })
      expect(verdict(bad)).toEqual([400, 'INVALID_REQUEST'])
      const fields = bad.body.errors.map(({ field }: { field: string }) => field)
      expect(fields).toEqual(expect.arrayContaining(['body', 'body.ticket']))
      for (const body of [{}, [], { token: 1 }, { token: 'x', admin: true }]) {
        expect((await home.ask('POST /auth/providers/steam', { body })).code).toBe('INVALID_REQUEST')
      }
      expect((await home.ask('POST /auth/providers/steam')).code).toBe('INVALID_REQUEST')
      const long = { token: 'ab'.repeat(10_000) }
      expect((await home.ask('POST /auth/providers/steam', { body: long })).code).toBe('INVALID_REQUEST')
    })
    it('answers a repetition with the same key as the first time, also after a crash', async () => {
      const asked = { body: { token: steam.ticket(anybody()) }, headers: { 'idempotency-key': 'p1' } }
      const first = await home.ask('POST /auth/providers/steam', asked)
      expect((await home.ask('POST /auth/providers/steam', asked)).body).toEqual(first.body)
      await home.rows(sql`update platform_idempotency set answer = null, running_until = null`)
      const afterCrash = await home.ask('POST /auth/providers/steam', asked)
      expect([afterCrash.status, afterCrash.body.user_id]).toEqual([200, first.body.user_id])
    })
    it('is slowed down for an address that brings bad ones, and for nobody else', async () => {
      await using narrow = await open({ signInAddressMax: 5, registrationsPerMinute: 3 })
      const bad = (address: string) =>
        narrow.ask('POST /auth/providers/steam', { body: { token: 'ab'.repeat(99) }, address })
      for (let at = 0; at < 5; at++) expect((await bad('198.51.100.1')).code).toBe('INVALID_PROVIDER_TOKEN')
      expect((await bad('198.51.100.1')).code).toBe('RATE_LIMITED')
      const subject = anybody()
      expect((await signIn(subject, { at: narrow, address: '198.51.100.1' })).code).toBe('RATE_LIMITED')
      // Good ones are not counted as tries, and only new players as players.
      for (let at = 0; at < 8; at++) {
        expect((await signIn(subject, { at: narrow, address: '198.51.100.2' })).status).toBeLessThan(300)
      }
      const more = [await signIn(anybody(), { at: narrow, address: '198.51.100.2' })]
      for (let at = 0; at < 2; at++) more.push(await signIn(anybody(), { at: narrow, address: '198.51.100.2' }))
      expect(more.map(({ status }) => status)).toEqual([201, 201, 429])
    })
    it('is barred by a ban, and open again after it', async () => {
      const subject = anybody()
      const { body: tokens } = await signIn(subject)
      const until = home.ground.clock.now() + 60_000
      await home.identity.ban({ player: tokens.user_id, reason: 'x', untilMs: until }, 'player_operator')
      expect(await home.isLetIn(tokens)).toBe(false)
      const barred = await signIn(subject)
      expect(verdict(barred)).toEqual([403, 'FORBIDDEN'])
      expect(barred.body.detail).toContain('banned until')
      await home.ground.clock.advance(61_000)
      expect((await signIn(subject)).body.user_id).toBe(tokens.user_id)
    })
    it('is ended everywhere by logout-all, and leaves its traces in the audit', async () => {
      const subject = anybody()
      const { body: first } = await signIn(subject)
      const { body: second } = await signIn(subject)
      expect((await home.ask('POST /auth/logout-all', { token: second.access_token })).status).toBe(204)
      expect(await Promise.all([first, second].map(home.isLetIn))).toEqual([false, false])
      expect(await actsOf(first)).toEqual(['registered', 'signed_in', 'logged_out_everywhere'])
      const before = await home.rows(sql`select 1 from identity_audit where what = 'sign_in_failed'`)
      await home.ask('POST /auth/providers/steam', { body: { token: 'ab'.repeat(99) } })
      const after = await home.rows(sql`select 1 from identity_audit where what = 'sign_in_failed'`)
      expect(after.length).toBe(before.length + 1)
    })
    it('ends the oldest login beyond the limit', async () => {
      await using small = await open({ loginsMax: 1 })
      const subject = anybody()
      const { body: first } = await signIn(subject, { at: small })
      await small.ground.clock.advance(1_000)
      const { body: second } = await signIn(subject, { at: small })
      expect(await Promise.all([first, second].map(small.isLetIn))).toEqual([false, true])
    })
  })

  describe('linking', () => {
    it('makes a guest lasting, who keeps the id and the name without its tag', async () => {
      const guest = await home.guest('rook')
      const subject = anybody()
      const { status, body } = await link(guest, subject)
      expect([status, body.user_id]).toEqual([200, guest.user_id])
      expect(await personOf(guest)).toMatchObject({ nick: 'rook', guest: false, username: null })
      expect(await home.identity.verifyAccess(body.access_token)).toMatchObject({ guest: false, nick: 'rook' })
      expect((await signIn(subject)).body.user_id).toBe(guest.user_id)
      expect(await home.identity.rename(guest.user_id, 'castle')).toBe('castle')
      expect(await actsOf(guest)).toEqual(['linked', 'signed_in'])
    })
    it('gives a guest who chose no name one that is not everybody’s', async () => {
      const guest = await home.guest()
      await link(guest, anybody())
      expect((await personOf(guest))?.nick).toMatch(/^player\d{1,6}$/)
    })
    it('leaves the nick of an account alone', async () => {
      const account = await home.register('queen')
      const subject = anybody()
      expect((await link(account, subject)).status).toBe(200)
      expect(await personOf(account)).toMatchObject({ nick: 'queen', username: 'queen' })
      expect((await signIn(subject)).body.user_id).toBe(account.user_id)
      expect((await home.login('queen')).user_id).toBe(account.user_id)
      expect(await linksOf(account)).toMatchObject({ password: true, links: [{ provider: 'steam' }] })
    })
    it('may come twice, and fifty times at once', async () => {
      const guest = await home.guest()
      const subject = anybody()
      const { body } = await link(guest, subject)
      expect((await link(body, subject)).status).toBe(200)
      const other = await home.guest()
      const same = anybody()
      const answers = await Promise.all(Array.from({ length: 50 }, () => link(other, same)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect((await linksOf(other)).links).toHaveLength(1)
      expect((await actsOf(other)).filter((what) => what === 'linked')).toHaveLength(1)
    })
    it('takes nothing from another player, and changes nothing then', async () => {
      const subject = anybody()
      const { body: owner } = await signIn(subject)
      const guest = await home.guest('thief')
      expect(verdict(await link(guest, subject))).toEqual([409, 'LINK_TAKEN'])
      expect((await personOf(guest))?.guest).toBe(true)
      expect(await home.isLetIn(guest)).toBe(true)
      expect((await home.refresh(guest)).status).toBe(200)
      expect((await signIn(subject)).body.user_id).toBe(owner.user_id)
    })
    it('goes to one, of fifty players who want the same at once', async () => {
      const subject = anybody()
      const players = await Promise.all(Array.from({ length: 50 }, () => home.guest()))
      const answers = await Promise.all(players.map((one) => link(one, subject)))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ code }) => code === 'LINK_TAKEN')).toHaveLength(49)
      const winner = players[answers.findIndex(({ status }) => status === 200)]
      expect((await signIn(subject)).body.user_id).toBe(winner?.user_id)
    })
    it('takes one identity of a provider', async () => {
      const guest = await home.guest()
      const { body } = await link(guest, anybody())
      const second = anybody()
      expect(verdict(await link(body, second))).toEqual([409, 'ALREADY_LINKED'])
      expect((await signIn(second)).body.user_id).not.toBe(guest.user_id)
    })
    it('needs a login, and something to link', async () => {
      expect(verdict(await home.ask('POST /auth/link/steam', { body: { token: 'x' } }))).toEqual([
        401,
        'UNAUTHENTICATED',
      ])
      const guest = await home.guest()
      const bad = await home.ask('POST /auth/link/steam', { token: guest.access_token, body: {} })
      expect(verdict(bad)).toEqual([400, 'INVALID_REQUEST'])
      const forged = await home.ask('POST /auth/link/steam', {
        token: guest.access_token,
        body: { token: 'ab'.repeat(99) },
      })
      expect(verdict(forged)).toEqual([401, 'INVALID_PROVIDER_TOKEN'])
    })
  })

  describe('unlinking', () => {
    it('never takes the last way in', async () => {
      const subject = anybody()
      const { body: tokens } = await signIn(subject)
      expect(verdict(await unlink(tokens))).toEqual([409, 'LAST_WAY_IN'])
      expect((await signIn(subject)).body.user_id).toBe(tokens.user_id)
      // A link of a provider that is configured no longer leads nowhere.
      await home.rows(sql`insert into identity_links values ('https://gone.example/', 'x', ${tokens.user_id}, 0)`)
      expect(verdict(await unlink(tokens))).toEqual([409, 'LAST_WAY_IN'])
      await home.rows(sql`insert into identity_links values ('https://idp.example/', 'x', ${tokens.user_id}, 0)`)
      expect((await unlink(tokens)).status).toBe(204)
      expect(verdict(await unlink(tokens, 'acme'))).toEqual([409, 'LAST_WAY_IN'])
    })
    it('leaves one way of two, of many who give up both at once', async () => {
      const { body: tokens } = await signIn(anybody())
      await home.rows(sql`insert into identity_links values ('https://idp.example/', 'y', ${tokens.user_id}, 0)`)
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, at) => unlink(tokens, at % 2 === 0 ? 'steam' : 'acme')),
      )
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
      expect((await linksOf(tokens)).links).toHaveLength(1)
    })
    it('is open once there is a password, and ends every other login', async () => {
      const subject = anybody()
      const { body: tokens } = await signIn(subject)
      const { body: elsewhere } = await signIn(subject)
      const upgraded = await home.ask('POST /auth/upgrade', {
        token: tokens.access_token,
        body: { username: 'bishop', password: 'correct horse staple' },
      })
      expect(upgraded.body.user_id).toBe(tokens.user_id)
      expect((await personOf(tokens))?.nick).toMatch(/^player\d/)
      expect((await unlink(upgraded.body)).status).toBe(204)
      expect(await Promise.all([upgraded.body, elsewhere].map(home.isLetIn))).toEqual([true, false])
      expect((await home.login('bishop')).user_id).toBe(tokens.user_id)
      const stranger = await signIn(subject)
      expect([stranger.status, stranger.body.user_id === tokens.user_id]).toEqual([201, false])
      expect(verdict(await unlink(upgraded.body))).toEqual([404, 'LINK_NOT_FOUND'])
      expect(await actsOf(tokens)).toContain('unlinked')
    })
    it('needs a login, and a link', async () => {
      expect(verdict(await home.ask('DELETE /auth/link/steam'))).toEqual([401, 'UNAUTHENTICATED'])
      expect(verdict(await unlink(await home.guest()))).toEqual([404, 'LINK_NOT_FOUND'])
      expect(verdict(await home.ask('GET /auth/links'))).toEqual([401, 'UNAUTHENTICATED'])
    })
  })

  it('have no password to change', async () => {
    const { body } = await signIn(anybody())
    const change = { current_password: 'x', new_password: 'another good phrase' }
    const refused = await home.ask('POST /auth/password', { token: body.access_token, body: change })
    expect([...verdict(refused), refused.body.detail]).toEqual([
      ...[403, 'GUESTS_NOT_ALLOWED'],
      expect.stringContaining('/auth/upgrade'),
    ])
  })
  it('are exported, and erased with their player', async () => {
    const subject = '76561197960287930'
    const { body: tokens } = await signIn(subject)
    const exported = (await home.identity.personal.exportOf(tokens.user_id)) as { links: object[] }
    expect(exported.links).toMatchObject([{ issuer: 'steam', subject }])
    await home.ground.db.transact((tx) => home.identity.eraseAccount(tx, tokens.user_id))
    expect(await home.everything()).not.toContain(subject)
    expect(await home.isLetIn(tokens)).toBe(false)
    const again = await signIn(subject)
    expect([again.status, again.body.user_id === tokens.user_id]).toEqual([201, false])
  })
})
