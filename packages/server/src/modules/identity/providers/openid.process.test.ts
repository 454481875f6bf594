import { createPublicKey } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround } from '../../../../test/support/identity-ground.ts'
import {
  clientSecret,
  type OidcProvider,
  oidcProvider,
  redirectUri,
  signingKey,
} from '../../../../test/support/oidc-provider.ts'
import { systemClock } from '../../../platform/clock.ts'
import { createLog } from '../../../platform/log.ts'
import { completeProviderOptions } from './index.ts'

/** Muster against a real provider in a process of its own. Its clock is the machine's, so the test's follows that one. */
describe('a real OpenID Connect provider', () => {
  let provider: OidcProvider
  let home: IdentityGround
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-openid-'))
    await writeFile(join(folder, 'secret'), `${clientSecret}\n`)
    provider = await oidcProvider()
    home = await openHome()
  })
  afterAll(async () => {
    await home[Symbol.asyncDispose]()
    await provider[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const optionsOf = (given: object) =>
    completeProviderOptions({ kind: 'oidc', issuer: provider.issuer, clientId: 'game', ...given })
  const lines: string[] = []
  const secrets = new Set([clientSecret])
  const log = createLog({ level: 'trace', pretty: false }, { write: (line: string) => void lines.push(line) })
  const openHome = () =>
    identityGround(
      {
        providers: {
          acme: optionsOf({}),
          backed: optionsOf({ clientId: 'backed', clientSecretFile: join(folder, 'secret') }),
          impatient: optionsOf({ nonce: 'required' }),
        },
      },
      {},
      { startMs: systemClock.now(), log },
    )
  const catchUp = (at: IdentityGround) =>
    at.ground.clock.advance(Math.max(0, systemClock.now() - at.ground.clock.now()))
  const signIn = async (body: object, { at = home, through = 'acme' } = {}) => {
    await catchUp(at)
    for (const one of Object.values(body)) if (one !== redirectUri) secrets.add(one)
    return at.ask(`POST /auth/providers/${through}`, { body })
  }
  const verdict = async (body: object, how = {}) => {
    const { status, code } = await signIn(body, how)
    return [status, code]
  }
  const refused = [401, 'INVALID_PROVIDER_TOKEN']
  const nickOf = async (player: `player_${string}`) => (await home.identity.peopleOf([player])).get(player)?.nick

  it('lets in who it vouches for, the second time as the same player', async () => {
    const first = await signIn({ token: await provider.idToken({ subject: 'ann' }) })
    expect([first.status, first.headers['cache-control']]).toEqual([201, 'no-store'])
    expect(await nickOf(first.body.user_id)).toBe('ann of old')
    expect(await home.identity.verifyAccess(first.body.access_token)).toMatchObject({ guest: false })
    const second = await signIn({ token: await provider.idToken({ subject: 'ann' }) })
    expect([second.status, second.body.user_id]).toEqual([200, first.body.user_id])
    const other = await signIn({ token: await provider.idToken({ subject: 'bob' }) })
    expect(other.body.user_id).not.toBe(first.body.user_id)
  })

  it('makes one player of two hundred who come at once for the first time', async () => {
    const token = await provider.idToken({ subject: 'crowd' })
    await catchUp(home)
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => home.ask('POST /auth/providers/acme', { body: { token } })),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(199)
    expect(new Set(answers.map(({ body }) => body.user_id)).size).toBe(1)
  })

  it('exchanges codes itself, once each, with the verifier alone', async () => {
    const proof = await provider.code({ subject: 'carl' })
    expect(await verdict({ ...proof, code_verifier: 'x'.repeat(43) })).toEqual(refused)
    const again = await provider.code({ subject: 'carl' })
    expect((await signIn(again)).status).toBe(201)
    expect(await verdict(again)).toEqual(refused)
    const viaToken = await signIn({ token: await provider.idToken({ subject: 'carl' }) })
    expect(viaToken.status).toBe(200)
  })
  it('exchanges codes with a client secret, for the same subjects', async () => {
    const proof = await provider.code({ subject: 'carl', client: 'backed' })
    expect(await verdict(proof)).toEqual(refused)
    const own = await provider.code({ subject: 'carl', client: 'backed' })
    expect((await signIn(own, { through: 'backed' })).status).toBe(200)
  })

  it('holds to the nonce', async () => {
    const token = await provider.idToken({ subject: 'dora', nonce: 'n-1' })
    expect(await verdict({ token })).toEqual(refused)
    expect(await verdict({ token, nonce: 'n-2' })).toEqual(refused)
    expect((await signIn({ token, nonce: 'n-1' })).status).toBe(201)
    const bare = await provider.idToken({ subject: 'dora' })
    expect(await verdict({ token: bare, nonce: 'n-1' })).toEqual(refused)
    expect(await verdict({ token: bare }, { through: 'impatient' })).toEqual(refused)
    expect((await signIn({ token, nonce: 'n-1' }, { through: 'impatient' })).status).toBe(200)
    const proof = await provider.code({ subject: 'dora', nonce: 'n-3' })
    expect((await signIn({ ...proof, nonce: 'n-3' })).status).toBe(200)
  })

  it('vouches for nobody to another audience', async () => {
    const token = await provider.idToken({ subject: 'erin', client: 'another-game' })
    expect(await verdict({ token })).toEqual(refused)
  })

  it('is not to be imitated', async () => {
    const token = await provider.idToken({ subject: 'frank' })
    const claims = decodeJwt(token)
    const [published] = await provider.publicKeys()
    const kid = published?.kid ?? ''
    const [header = '', payload = '', signature = ''] = token.split('.')
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signedWith = (key: Parameters<SignJWT['sign']>[0], alg: string, more: object = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, ...more }).sign(key)
    const own = await signingKey(kid)
    const ownKey = await importJWK(own, 'RS256')
    const publicKey = createPublicKey({ key: published ?? {}, format: 'jwk' })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

    const forgeries = {
      'another key under the same name': await signedWith(ownKey, 'RS256'),
      'a key of its own in the header': await signedWith(ownKey, 'RS256', {
        jwk: { kty: own.kty, n: own.n, e: own.e },
      }),
      'a key from elsewhere': await signedWith(ownKey, 'RS256', { jku: 'http://127.0.0.1:9/jwks' }),
      'an unknown key': await signedWith(ownKey, 'RS256', { kid: 'nobody' }),
      'no signature': `${encoded({ alg: 'none' })}.${payload}.`,
      'no signature under its own name': `${encoded({ alg: 'none', kid })}.${payload}.${signature}`,
      'the public key as a secret (PEM)': await signedWith(Buffer.from(pem), 'HS256'),
      'the public key as a secret (DER)': await signedWith(publicKey.export({ type: 'spki', format: 'der' }), 'HS256'),
      'the modulus as a secret': await signedWith(Buffer.from(published?.n ?? '', 'base64url'), 'HS256'),
      'other claims': `${header}.${encoded({ ...claims, sub: 'ann' })}.${signature}`,
      'another header': `${encoded({ ...decodeProtectedHeader(token), typ: 'x' })}.${payload}.${signature}`,
      'a cut signature': token.slice(0, -4),
    }
    for (const [name, forged] of Object.entries(forgeries)) {
      expect([name, ...(await verdict({ token: forged }))]).toEqual([name, ...refused])
    }
    expect((await signIn({ token })).status).toBe(201)
  })

  it('vouches for a while only', async () => {
    await using later = await openHome()
    const token = await provider.idToken({ subject: 'gina' })
    expect((await signIn({ token }, { at: later })).status).toBe(201)
    await later.ground.clock.advance(300_000 + 31_000)
    const { status, code, body } = await later.ask('POST /auth/providers/acme', { body: { token } })
    expect([status, code, body.detail]).toEqual([...refused, 'The ID token has expired.'])
  })

  it('may change its keys', async () => {
    const before = await provider.idToken({ subject: 'hugo' })
    expect((await signIn({ token: before })).status).toBe(201)
    await provider.startAgain([await signingKey('second')])
    const after = await provider.idToken({ subject: 'hugo' })
    await home.ground.clock.advance(10_000)
    expect((await signIn({ token: after })).status).toBe(200)
    expect(await verdict({ token: before })).toEqual(refused)
  })

  it('is asked for an unknown key once in a while, however many bring one', async () => {
    await using fresh = await openHome()
    const own = await importJWK(await signingKey('x'), 'RS256')
    const claims = decodeJwt(await provider.idToken({ subject: 'ivan' }))
    const forge = (kid: string) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(own)
    expect(await verdict({ token: await forge('k') }, { at: fresh })).toEqual(refused)
    // Were it asked again, the answers would tell that it is away.
    await provider.end()
    for (let at = 0; at < 20; at++) {
      const { status } = await fresh.ask('POST /auth/providers/acme', { body: { token: await forge(`k${at}`) } })
      expect(status).toBe(401)
    }
    await fresh.ground.clock.advance(10_000)
    const { status } = await fresh.ask('POST /auth/providers/acme', { body: { token: await forge('later') } })
    expect(status).toBe(503)
    await provider.startAgain()
  })

  it('may be away: its keys serve on, and who needs it comes back later', async () => {
    await using fresh = await openHome()
    const token = await provider.idToken({ subject: 'ivan' })
    const proof = await provider.code({ subject: 'ivan' })
    expect((await signIn({ token })).status).toBe(201)
    await provider.end()
    expect((await signIn({ token })).status).toBe(200)
    const unknown = await signIn({ token }, { at: fresh })
    expect([unknown.status, unknown.code, unknown.headers['retry-after']]).toEqual([503, 'PROVIDER_UNAVAILABLE', '10'])
    expect(await verdict(proof)).toEqual([503, 'PROVIDER_UNAVAILABLE'])
    await provider.startAgain()
    await fresh.ground.clock.advance(10_000)
    expect((await signIn({ token: await provider.idToken({ subject: 'ivan' }) }, { at: fresh })).status).toBe(201)
  })

  it('may hang: it holds up nobody else, and those who wait for it not for ever', async () => {
    await using fresh = await openHome()
    const token = await provider.idToken({ subject: 'jane' })
    await catchUp(fresh)
    provider.freeze()
    try {
      let answered = 0
      const waiting = Array.from({ length: 20 }, async () => {
        const { status, code } = await fresh.ask('POST /auth/providers/acme', { body: { token } })
        answered++
        return [status, code]
      })
      const guests = await Promise.all(Array.from({ length: 20 }, () => fresh.guest()))
      expect([guests.length, answered]).toEqual([20, 0])
      await fresh.ground.clock.advance(5_000)
      expect(new Set((await Promise.all(waiting)).map(String))).toEqual(new Set(['503,PROVIDER_UNAVAILABLE']))
    } finally {
      provider.thaw()
    }
  })

  it('and the clients’ secrets are never logged, nor kept', async () => {
    const said = lines.join('\n')
    expect(said).toContain('metadata cannot be read')
    const kept = await home.everything()
    const long = [...secrets].filter((secret) => secret.length > 8)
    expect(long.length).toBeGreaterThan(20)
    for (const secret of long) {
      expect(said).not.toContain(secret)
      expect(kept).not.toContain(secret)
    }
  })
})
