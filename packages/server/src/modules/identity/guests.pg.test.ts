import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround } from '../../../test/support/identity-ground.ts'

describe('guests', () => {
  let home: IdentityGround
  beforeAll(async () => {
    home = await identityGround({ guestBatchMax: 50 })
  })
  afterAll(() => home[Symbol.asyncDispose]())

  const nickOf = async (player: `player_${string}`) => (await home.identity.peopleOf([player])).get(player)?.nick ?? ''

  it('play under a nick that is made unique', async () => {
    const { status, body, headers } = await home.ask('POST /auth/guest', { body: { username: 'player123' } })
    expect([status, headers['cache-control']]).toEqual([201, 'no-store'])
    expect(await nickOf(body.user_id)).toMatch(/^player123#\d{4}$/)
    expect(await home.identity.verifyAccess(body.access_token)).toMatchObject({
      ...{ player: body.user_id, guest: true, operator: false, nick: await nickOf(body.user_id) },
    })
  })
  it('need not say how they want to be called', async () => {
    expect(await nickOf((await home.guest()).user_id)).toMatch(/^player#\d{4,}$/)
  })
  it('cannot be called just anything', async () => {
    for (const username of ['', '#1', 'a b', 'x'.repeat(33), 5]) {
      expect((await home.ask('POST /auth/guest', { body: { username } })).code).toBe('INVALID_REQUEST')
    }
  })
  it('get a nick of their own, however many want the same at once', async () => {
    const guests = await Promise.all(Array.from({ length: 400 }, () => home.guest('crowd')))
    const people = await home.identity.peopleOf(guests.map((guest) => guest.user_id))
    expect(new Set([...people.values()].map(({ nick }) => nick.toLowerCase())).size).toBe(400)
  })
  it('get a longer tag where a name is crowded', async () => {
    await home.rows(sql`
      insert into identity_players (id, nick, nick_key, guest, created_at)
      select 'player_full' || n, 'full#' || lpad(n::text, 4, '0'), 'full#' || lpad(n::text, 4, '0'), true, 0
      from generate_series(0, 9999) n`)
    const guests = await Promise.all(Array.from({ length: 20 }, () => home.guest('Full')))
    for (const guest of guests) expect(await nickOf(guest.user_id)).toMatch(/^Full#\d{5,}$/)
  })
  it('are made once, however often the same request comes', async () => {
    const asked = { body: { username: 'again' }, headers: { 'idempotency-key': 'g1' } }
    const first = await home.ask('POST /auth/guest', asked)
    expect((await home.ask('POST /auth/guest', asked)).body).toEqual(first.body)
    await home.rows(sql`update platform_idempotency set answer = null, running_until = null`)
    const afterCrash = await home.ask('POST /auth/guest', asked)
    expect([afterCrash.status, afterCrash.body.user_id]).toEqual([201, first.body.user_id])
    expect(await home.isLetIn(afterCrash.body)).toBe(true)
  })
  it('can take another name, and stay recognisable as guests', async () => {
    const guest = await home.guest('first')
    expect(await home.identity.rename(guest.user_id, 'Other name')).toMatch(/^Other name#\d{4}$/)
    await expect(home.identity.rename(guest.user_id, 'ann#1234')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await nickOf(guest.user_id)).toMatch(/^Other name#\d{4}$/)
    expect(await home.identity.rename('player_nobody', 'x')).toBeNull()
  })
  it('are told apart from those who played of late', async () => {
    await using small = await identityGround()
    const [stale, fresh] = [await small.guest(), await small.guest()]
    await small.register('lasting')
    await small.ground.clock.advance(10_000)
    await small.refresh(fresh)
    const since = small.ground.clock.now() - 5_000
    expect(await small.identity.staleGuests(since, null, 10)).toEqual([stale.user_id])
    expect(await small.identity.staleGuests(since, stale.user_id, 10)).toEqual([])
  })
})
