import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround, type Tokens } from '../../../test/support/identity-ground.ts'
import { readOptions } from '../../platform/options.ts'
import { profilesOptions } from './config.ts'
import { createProfiles, type Profiles, profilesMigrations } from './index.ts'

describe('profiles with identity', () => {
  let home: IdentityGround
  let profiles: Profiles
  let app: IdentityGround['app']
  beforeEach(async () => {
    home = await identityGround({}, profilesMigrations)
    const { peopleOf, rename, staleGuests, personal } = home.identity
    profiles = createProfiles(
      { ...home.ground, ...{ peopleOf, rename, staleGuests }, keepers: { account: personal } },
      readOptions(profilesOptions, { guestsKeptDays: 30, eraseAgainS: 60, sweepEveryS: 10 }, 'The test'),
    )
    app = await home.ground.serve(profiles.routes, home.identity.authenticators)
  })
  afterEach(async () => {
    await profiles.stop()
    await app.close()
    await home[Symbol.asyncDispose]()
  })
  const call = async (method: 'GET' | 'PATCH' | 'PUT' | 'DELETE', path: string, who: Tokens, payload?: unknown) => {
    const answer = await app.inject({
      ...{ method, url: `/players/me${path}` },
      headers: { authorization: `Bearer ${who.access_token}`, 'content-type': 'application/json' },
      ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
    })
    return { status: answer.statusCode, body: answer.body === '' ? null : answer.json() }
  }

  it('shows and changes the name, a guest’s with a tag', async () => {
    const [account, guest] = [await home.register('Ann'), await home.guest('bob')]
    expect((await call('GET', '', account)).body).toMatchObject({ id: account.user_id, username: 'Ann', guest: false })
    expect((await call('PATCH', '', account, { nick: 'Ann the Great' })).body.nick).toBe('Ann the Great')
    expect((await call('PATCH', '', guest, { nick: 'Bob' })).body.nick).toMatch(/^Bob#\d{4}$/)
    const refused = await call('PATCH', '', account, { nick: 'bob#1234' })
    expect([refused.status, refused.body.code, refused.body.errors[0].field]).toEqual([
      400,
      'INVALID_REQUEST',
      'body.nick',
    ])
    for (const nick of ['', ' x', 'x\u0000', 'x\u202ey', 5]) {
      expect((await call('PATCH', '', account, { nick })).status).toBe(400)
    }
    expect((await call('GET', '', account)).body.nick).toBe('Ann the Great')
  })
  it('exports everything in one document', async () => {
    const account = await home.register('Ann')
    await call('PUT', '/storage/decks/first', account, { cards: [1] })
    const { body } = await call('GET', '/export', account)
    expect(body).toMatchObject({
      ...{ format: 'muster.player/1', player: { id: account.user_id, username: 'Ann' } },
      account: { username: 'Ann', audit: [{ what: 'registered' }] },
      storage: [{ collection: 'decks', key: 'first', value: { cards: [1] } }],
    })
  })
  it('[security 40] erases everything: no row names the player, no token opens anything', async () => {
    const account = await home.register('Mirabel')
    await call('PATCH', '', account, { nick: 'Mirabel the Great' })
    await call('PUT', '/storage/mirabel/deck', account, { owner: 'Mirabel' })
    expect((await call('DELETE', '', account)).status).toBe(204)
    expect(await home.everything()).not.toMatch(/mirabel/i)
    for (const method of ['GET', 'DELETE'] as const) expect((await call(method, '', account)).status).toBe(401)
    expect((await home.refresh(account)).code).toBe('UNAUTHENTICATED')
    const audit = sql`select what from identity_audit where player = ${account.user_id} order by id`
    expect(await home.rows(audit)).toEqual([{ what: 'registered' }, { what: 'erased' }])
  })
  it('[security 40] erases once more what a request under way wrote meanwhile', async () => {
    profiles.start()
    const account = await home.register('Mirabel')
    await call('DELETE', '', account)
    await home.rows(sql`
      insert into profiles_objects (player, collection, key, value, version, updated_at)
      values (${account.user_id}, 'late', 'late', '"Mirabel"', 1, 0)`)
    await home.ground.clock.advance(50_000)
    expect(await home.everything()).toMatch(/Mirabel/)
    await expect
      .poll(async () => {
        await home.ground.clock.advance(15_000)
        return home.everything()
      })
      .not.toMatch(/Mirabel/)
    expect(await home.rows(sql`select * from profiles_erasures`)).toEqual([])
  })
  it('erases guests nobody has played as for long, and nobody else', async () => {
    profiles.start()
    const [stale, account] = [await home.guest('stale'), await home.register('lasting')]
    const dayMs = 86_400_000
    await home.ground.clock.advance(29 * dayMs)
    const played = await home.guest('played')
    expect((await home.identity.peopleOf([stale.user_id])).size).toBe(1)
    await home.ground.clock.advance(2 * dayMs)
    const left = () => home.identity.peopleOf([stale, account, played].map(({ user_id }) => user_id))
    await expect
      .poll(async () => {
        await home.ground.clock.advance(15_000)
        return [...(await left()).keys()].sort()
      })
      .toEqual([account.user_id, played.user_id].sort())
  })
  it('refuses numbers that would be stored as something else, and nesting without end', async () => {
    const account = await home.guest()
    const put = async (payload: string) => {
      const headers = { authorization: `Bearer ${account.access_token}`, 'content-type': 'application/json' }
      return (await app.inject({ method: 'PUT', url: '/players/me/storage/a/b', headers, payload })).statusCode
    }
    expect(await put('[1e999]')).toBe(400)
    expect(await put('['.repeat(30_000) + ']'.repeat(30_000))).toBe(400)
    expect(await put('')).toBe(400)
    expect(await put('[1e300]')).toBe(201)
  })
})
