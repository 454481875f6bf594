import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { contract } from '@muster/protocol'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
import { sql } from 'kysely'
import Type from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround } from '../../../../test/support/identity-ground.ts'
import { playerOf, route } from '../../../platform/http/route.ts'

const hour = 3_600_000
const day = 24 * hour

const whoAmI = contract({
  ...{ method: 'GET', path: '/who', summary: 'Who calls', tag: 'test', who: ['player'] },
  answers: { 200: Type.Object({ player: Type.String() }) },
  refusals: [],
})

describe('access tokens at the edge', () => {
  let home: IdentityGround
  let app: IdentityGround['app']
  let set: JSONWebKeySet
  beforeAll(async () => {
    home = await identityGround()
    app = await home.ground.serve(
      [
        ...home.identity.routes,
        route(whoAmI, async (call) => ({ status: 200, body: { player: playerOf(call).player } })),
      ],
      home.identity.authenticators,
    )
    set = (await home.ask('GET /.well-known/jwks.json')).body
  })
  afterAll(async () => {
    await app.close()
    await home[Symbol.asyncDispose]()
  })
  const who = async (token: string) => {
    const answer = await app.inject({ method: 'GET', url: '/who', headers: { authorization: `Bearer ${token}` } })
    return [answer.statusCode, answer.json().code ?? answer.json().player]
  }

  it('let their player in, and verify for others with the published key', async () => {
    const { access_token, user_id } = await home.guest()
    expect(await who(access_token)).toEqual([200, user_id])
    const { payload } = await jwtVerify(access_token, createLocalJWKSet(set), {
      ...{ issuer: 'muster', audience: 'muster', typ: 'at+jwt' },
      currentDate: new Date(home.ground.clock.now()),
    })
    expect(Object.keys(payload).sort()).toEqual(['aud', 'exp', 'guest', 'iat', 'iss', 'jti', 'nick', 'sub'])
  })
  it('are published for verifiers to cache, public parts only', async () => {
    const { headers, body } = await home.ask('GET /.well-known/jwks.json')
    expect(headers['cache-control']).toBe('public, max-age=300')
    for (const key of body.keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  })
  it('[security 5] are refused in every forged form', async () => {
    const { access_token } = await home.guest()
    const claims = decodeJwt(access_token)
    const { kid = '' } = decodeProtectedHeader(access_token)
    const x = set.keys[0]?.x ?? ''
    const stranger = generateKeyPairSync('ed25519')
    const ours = (header: object, key: KeyObject | Uint8Array) =>
      new SignJWT(claims).setProtectedHeader(header as { alg: string }).sign(key)
    const [, payload] = access_token.split('.')
    const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`
    const confused = `${Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid })).toString('base64url')}.${payload}`
    const forged = [
      none,
      `${confused}.${createHmac('sha256', Buffer.from(x, 'base64url')).update(confused).digest('base64url')}`,
      await ours({ alg: 'EdDSA', typ: 'at+jwt', kid }, stranger.privateKey),
      await ours({ alg: 'EdDSA', typ: 'at+jwt', kid: 'other' }, stranger.privateKey),
      await ours({ alg: 'EdDSA', typ: 'at+jwt', kid, jku: 'https://example.org/jwks' }, stranger.privateKey),
      await ours(
        { alg: 'EdDSA', typ: 'at+jwt', kid, jwk: stranger.publicKey.export({ format: 'jwk' }) },
        stranger.privateKey,
      ),
      await ours({ alg: 'HS256', typ: 'at+jwt', kid }, Buffer.from(x, 'base64url')),
      access_token.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
    ]
    for (const token of forged) expect(await who(token)).toEqual([401, 'UNAUTHENTICATED'])
    expect((await who(access_token))[0]).toBe(200)
  })
  it('[security 6] of another deployment are not for this one', async () => {
    await using elsewhere = await identityGround({ audience: 'another game' })
    expect(await who((await elsewhere.guest()).access_token)).toEqual([401, 'UNAUTHENTICATED'])
  })
  it('[security 6] end after their life', async () => {
    const { access_token } = await home.guest()
    await home.ground.clock.advance(899_000)
    expect((await who(access_token))[0]).toBe(200)
    await home.ground.clock.advance(1_000)
    expect(await who(access_token)).toEqual([401, 'UNAUTHENTICATED'])
  })
})

describe('signing keys', () => {
  const kidOf = (tokens: { access_token: string }) => decodeProtectedHeader(tokens.access_token).kid
  const kids = async (home: IdentityGround) =>
    (await home.ask('GET /.well-known/jwks.json')).body.keys.map(({ kid }: { kid: string }) => kid)

  it('change over: the next is published before it signs, the old verifies until its tokens end', async () => {
    await using home = await identityGround({ signingKeyAgeS: 30 * 86_400, signingKeyAheadS: 3_600 })
    const first = kidOf(await home.guest())
    expect(await kids(home)).toEqual([first])

    const { advance } = home.ground.clock
    const bornAt = home.ground.clock.now()
    const published = async () => {
      await advance(61_000)
      return kids(home)
    }
    await advance(30 * day - hour - 240_000)
    expect(await kids(home)).toHaveLength(1)
    await expect.poll(published).toHaveLength(2)
    expect(kidOf(await home.guest())).toBe(first)

    const [newest] = await home.rows(sql<{ at: number }>`select max(signs_from) as at from identity_signing_keys`)
    const changedAt = newest?.at ?? 0
    expect(changedAt).toBeGreaterThanOrEqual(bornAt + 30 * day)
    await advance(changedAt - home.ground.clock.now() - 1_000)
    const last = await home.guest()
    expect(kidOf(last)).toBe(first)
    await advance(1_000)
    const next = kidOf(await home.guest())
    expect(next).not.toBe(first)
    expect((await kids(home))[1]).toBe(next)
    expect(await home.isLetIn(last)).toBe(true)

    await advance(17 * 60_000)
    await expect.poll(published).toEqual([next])
    expect(await home.isLetIn(last)).toBe(false)
  })
  it('are the same on every node, and survive a restart', async () => {
    await using home = await identityGround()
    const tokens = await home.guest()
    const other = await home.anotherNode()
    expect((await other.verifyAccess(tokens.access_token))?.player).toBe(tokens.user_id)
  })
  it('are made once by nodes that start together, and never stand open in the database', async () => {
    await using home = await identityGround()
    await Promise.all([home.anotherNode(), home.anotherNode(), home.anotherNode()])
    expect(await kids(home)).toHaveLength(1)
    const kept = await home.everything()
    expect(kept).toContain((await kids(home))[0])
    expect(kept).not.toContain(Buffer.from('302e020100300506032b6570', 'hex').toString('hex'))
  })
})
