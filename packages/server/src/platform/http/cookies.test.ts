import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bearer, type HttpGround, httpGround, refusal } from '../../../test/support/http-ground.ts'
import { cookieIn, setCookie } from './cookies.ts'

describe('a cookie', () => {
  it('is found among others, whole, by its very name', () => {
    const header = 'a=1; muster_login=abc.d-e_f=;xmuster_login=no; muster_login2=no'
    expect(cookieIn(header, 'muster_login')).toBe('abc.d-e_f=')
    expect(cookieIn(header, 'login')).toBeNull()
    expect(cookieIn('muster_login', 'muster_login')).toBeNull()
    expect(cookieIn(undefined, 'muster_login')).toBeNull()
    expect(cookieIn(`muster_login=${'x'.repeat(4_097)}`, 'muster_login')).toBeNull()
  })

  it('is kept from scripts, from other sites, and from lines without TLS', () => {
    expect(setCookie('v', { path: '/mms', secure: true, maxAgeS: 60 })).toBe(
      'muster_login=v; Path=/mms; Max-Age=60; HttpOnly; SameSite=Strict; Secure',
    )
    expect(setCookie('', { path: '/', secure: false, maxAgeS: 0 })).not.toMatch(/Secure/)
  })
})

describe('a call that takes a cookie', () => {
  let ground: HttpGround
  beforeEach(async () => {
    ground = await httpGround()
  })
  afterEach(() => ground.server.close())

  const say = (headers: Record<string, string>, payload: object = { type: 'Leave' }, more: object = {}) =>
    ground.call({
      ...{ method: 'POST', url: '/say', payload, ...more },
      headers: { host: 'muster.example', 'content-type': 'application/json', ...headers },
    })
  const cookie = 'muster_login=player'
  const nobody = refusal(401, 'UNAUTHENTICATED')

  it('is made by whose cookie it is', async () => {
    expect(await say({ cookie })).toMatchObject({ status: 200, body: { caller: 'player_a', encrypted: false } })
    expect(await say({})).toMatchObject(nobody)
    expect(await say({ cookie: 'muster_login=other' })).toMatchObject(nobody)
    expect(await say({ cookie, ...bearer('operator-token') })).toMatchObject({ body: { caller: 'player_o' } })
    expect(await say({ cookie, ...bearer('nonsense') })).toMatchObject(nobody)
  })

  it('is not made for a page of another site', async () => {
    expect(await say({ cookie, origin: 'https://muster.example' })).toMatchObject({ status: 200 })
    expect(await say({ cookie, origin: 'https://game.example' })).toMatchObject({ status: 200 })
    for (const origin of ['https://evil.example', 'null', 'https://muster.example.evil.example']) {
      expect(await say({ cookie, origin })).toMatchObject(nobody)
    }
    const asForm = await say({ cookie, 'content-type': 'application/x-www-form-urlencoded' })
    expect(asForm).toMatchObject(refusal(415, 'UNSUPPORTED_MEDIA_TYPE'))
  })

  it('is the only kind that does', async () => {
    const listed = await ground.call({ url: '/items', headers: { cookie } })
    expect(listed).toMatchObject(nobody)
  })

  it('knows of TLS by a proxy that is named', async () => {
    const forwarded = { cookie, 'x-forwarded-proto': 'https' }
    expect(await say(forwarded, undefined, { remoteAddress: '10.0.0.1' })).toMatchObject({ body: { encrypted: true } })
    expect(await say(forwarded)).toMatchObject({ body: { encrypted: false } })
  })

  it('refuses in the words of its messages, and only what is wrong with that message', async () => {
    const fields = async (payload: object) => (await say({ cookie }, payload)).body.errors
    expect((await say({}, { type: 'Leave' })).body).toMatchObject({ type: 'Error', code: 'UNAUTHENTICATED' })
    expect(await fields({ type: 'Greet', name: 'too long', more: 1 })).toEqual([
      { field: 'body.more', problem: 'is not a field this call takes' },
      { field: 'body.name', problem: 'must have at most 5 characters' },
    ])
    expect(await fields({ type: 'Shout' })).toEqual([{ field: 'body.type', problem: 'must be one of Greet, Leave' }])
    expect((await fields({})).map(({ field }: { field: string }) => field)).toContain('body.type')
    expect((await say({ cookie }, {}, { payload: '{' })).body).toMatchObject({ type: 'Error', code: 'INVALID_REQUEST' })
  })
})
