import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, exportJWK, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../../test/support/simulated-clock.ts'
import { createSecrets } from '../../../platform/secrets.ts'
import { createAccessTokens } from './access-tokens.ts'
import { makeSigningKey, openSigningKey, type SigningKey } from './signing-key.ts'

const options = { issuer: 'muster', audience: 'muster', accessTokenS: 900, verifiedTokensMax: 2 }
const login = 'login_01k9abcdefghjkmnpqrstvwx'
const secrets = createSecrets(Buffer.alloc(32, 1))
const [key, retired] = [1, 2].map((generation) =>
  openSigningKey(secrets, makeSigningKey(secrets, { generation, signsFrom: 0 }, 0)),
) as [SigningKey, SigningKey]

function tokensOn(clock = simulatedClock(), changed: Partial<typeof options> = {}) {
  const keys = {
    refresh: async () => undefined,
    signer: () => key,
    byHeader: (header: string) => (header === key.header ? key : undefined),
    published: () => [key],
  }
  const endsAt = clock.now() + 3_600_000
  const bearer = { player: 'player_01k9a', nick: 'Ann', guest: false, endsAt } as const
  return { clock, bearer, ...createAccessTokens({ clock, keys }, { ...options, ...changed }) }
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const signedWith = (privateKey: KeyObject, header: unknown, claims: unknown) => {
  const text = `${encoded(header)}.${encoded(claims)}`
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
}

describe('an access token', () => {
  it('has the promised claims and no others', async () => {
    const { issue, bearer, clock } = tokensOn()
    const { token, expiresInS } = await issue(bearer, login)
    const iat = clock.now() / 1_000
    expect(expiresInS).toBe(900)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: key.kid })
    expect(decodeJwt(token)).toEqual({
      ...{ iss: 'muster', aud: 'muster', sub: 'player_01k9a', nick: 'Ann', guest: false, iat, exp: iat + 900 },
      jti: expect.stringMatching(/^login_01k9abcdefghjkmnpqrstvwx\.[\w-]{12}$/),
    })
  })
  it('verifies with another library and the published key', async () => {
    const { issue, bearer, clock } = tokensOn()
    const set = createLocalJWKSet({
      keys: [{ kty: 'OKP', crv: 'Ed25519', x: key.publicX, kid: key.kid, alg: 'EdDSA', use: 'sig' }],
    })
    const { payload } = await jwtVerify((await issue(bearer, login)).token, set, {
      ...{ issuer: 'muster', audience: 'muster', typ: 'at+jwt', algorithms: ['EdDSA'] },
      currentDate: new Date(clock.now()),
    })
    expect(payload.sub).toBe('player_01k9a')
  })
  it('is read back, the second time from memory', async () => {
    const { issue, verify, bearer, clock } = tokensOn()
    const { token } = await issue(bearer, login)
    const access = { player: 'player_01k9a', nick: 'Ann', guest: false, login, expiresAtMs: clock.now() + 900_000 }
    expect(await verify(token)).toEqual(access)
    expect(await verify(token)).toBe(await verify(token))
  })
  it('ends, remembered or not', async () => {
    const { issue, verify, bearer, clock } = tokensOn()
    const [seen, unseen] = [(await issue(bearer, login)).token, (await issue(bearer, login)).token]
    expect(await verify(seen)).not.toBeNull()
    await clock.advance(900_000)
    expect(await verify(seen)).toBeNull()
    expect(await verify(unseen)).toBeNull()
  })
  it('[security 8] never outlives its login', async () => {
    const { issue, bearer, clock } = tokensOn()
    expect((await issue({ ...bearer, endsAt: clock.now() + 10_000 }, login)).expiresInS).toBe(10)
  })
  it('is remembered within a bound', async () => {
    const { issue, verify, bearer } = tokensOn()
    const first = (await issue(bearer, login)).token
    const once = await verify(first)
    for (let other = 0; other < 2; other++) await verify((await issue(bearer, login)).token)
    expect(await verify(first)).toEqual(once)
    expect(await verify(first)).not.toBe(once)
  })
})

describe('what is not a good access token', async () => {
  const { issue, verify, bearer, clock } = tokensOn()
  const { token } = await issue(bearer, login)
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = decodeJwt(token)
  const good = { alg: 'EdDSA', typ: 'at+jwt', kid: key.kid }
  const stranger = generateKeyPairSync('ed25519')
  const strangerJwk = await exportJWK(stranger.publicKey)
  const publicPem = key.publicKey.export({ format: 'pem', type: 'spki' })
  const hmacSigned = (secret: string | Buffer, alg = 'HS256') => {
    const text = `${encoded({ ...good, alg })}.${payload}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }

  it.each([
    ['nothing', ''],
    ['no token', 'a.b.c'],
    ['four parts', `${token}.x`],
    ['two parts', `${header}.${payload}`],
    ['no signature', `${header}.${payload}.`],
    ['alg none', `${encoded({ ...good, alg: 'none' })}.${payload}.`],
    ['alg None, signature kept', `${encoded({ ...good, alg: 'None' })}.${payload}.${signature}`],
    ['HS256 with the public key as PEM', hmacSigned(publicPem as string)],
    ['HS256 with the public key raw', hmacSigned(Buffer.from(key.publicX, 'base64url'))],
    ['HMAC under the good header', hmacSigned(publicPem as string, 'EdDSA')],
    ['an unknown kid', signedWith(key.privateKey, { ...good, kid: 'other' }, claims)],
    ['no kid', signedWith(key.privateKey, { alg: 'EdDSA', typ: 'at+jwt' }, claims)],
    ['the kid of a key no longer known', signedWith(retired.privateKey, { ...good, kid: retired.kid }, claims)],
    ['another key under our kid', signedWith(stranger.privateKey, good, claims)],
    ['a key that it brings along (jwk)', signedWith(stranger.privateKey, { ...good, jwk: strangerJwk }, claims)],
    ['our key with a jwk beside', signedWith(key.privateKey, { ...good, jwk: strangerJwk }, claims)],
    ['jku', signedWith(key.privateKey, { ...good, jku: 'https://example.org/keys' }, claims)],
    ['x5u', signedWith(key.privateKey, { ...good, x5u: 'https://example.org/cert' }, claims)],
    ['crit', signedWith(key.privateKey, { ...good, crit: ['exp'] }, claims)],
    ['typ JWT', signedWith(key.privateKey, { ...good, typ: 'JWT' }, claims)],
    ['no typ', signedWith(key.privateKey, { alg: 'EdDSA', kid: key.kid }, claims)],
    ['another issuer', signedWith(key.privateKey, good, { ...claims, iss: 'elsewhere' })],
    ['another audience', signedWith(key.privateKey, good, { ...claims, aud: 'elsewhere' })],
    ['a list of audiences', signedWith(key.privateKey, good, { ...claims, aud: ['muster'] })],
    ['no end', signedWith(key.privateKey, good, { ...claims, exp: undefined })],
    ['an end that is text', signedWith(key.privateKey, good, { ...claims, exp: '9999999999' })],
    ['an end in the past', signedWith(key.privateKey, good, { ...claims, exp: clock.now() / 1_000 - 1 })],
    ['other claims', `${header}.${encoded({ ...claims, sub: 'player_other' })}.${signature}`],
    ['a second spelling of the signature', `${token}=`],
    ['a signature with loose bits set', `${token.slice(0, -1)}${nextLetter(token.at(-1) ?? '')}`],
    ['far too long', `${header}.${payload}${'A'.repeat(5_000)}.${signature}`],
  ])('%s', async (_, forged) => expect(await verify(forged)).toBeNull())

  it('is not confused with the good one', async () => expect(await verify(token)).not.toBeNull())
})

/** The last letter of 64 bytes carries four bits that mean nothing. */
function nextLetter(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(letter) + 1] ?? 'A'
}
