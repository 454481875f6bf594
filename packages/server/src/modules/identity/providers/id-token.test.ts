import { generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { type IdTokenRules, idTokenProblem, readIdToken } from './id-token.ts'

const now = Date.UTC(2026, 0, 1)
const nowS = now / 1_000
const rules: IdTokenRules = {
  ...{ issuer: 'https://idp.example/', clientId: 'game', authorizedParties: ['game-on-android'] },
  ...{ algorithms: ['RS256', 'ES256'], nonce: 'optional', tokenAgeMaxS: 600 },
}
const good = { iss: rules.issuer, aud: 'game', sub: 'ann', iat: nowS - 10, exp: nowS + 300 }

describe('an ID token', () => {
  let keys: Awaited<ReturnType<typeof generateKeyPair>>
  beforeAll(async () => {
    keys = await generateKeyPair('ES256')
  })
  const sign = (claims: JWTPayload, header: object = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(keys.privateKey, { crit: { x: true } })
  const read = async (
    claims: JWTPayload,
    { nonce, header, changed = {} }: { nonce?: string; header?: object; changed?: Partial<IdTokenRules> } = {},
  ) => readIdToken(await sign(claims, header), nonce, async () => keys.publicKey, { ...rules, ...changed }, now)
  const without = (claim: keyof typeof good) =>
    Object.fromEntries(Object.entries(good).filter(([name]) => name !== claim))

  it('is good when all of it is', async () => {
    expect((await read(good)).sub).toBe('ann')
    expect((await read({ ...good, aud: ['game'] }, { header: { typ: 'JWT' } })).sub).toBe('ann')
    expect((await read({ ...good, azp: 'game-on-android' })).sub).toBe('ann')
    expect((await read({ ...good, aud: ['game', 'game-on-android'], azp: 'game' })).sub).toBe('ann')
    expect((await read({ ...good, nonce: 'n' }, { nonce: 'n', changed: { nonce: 'required' } })).sub).toBe('ann')
  })

  const bad: [string, JWTPayload, Parameters<typeof read>[1]?][] = [
    ['of another issuer', { ...good, iss: 'https://evil.example/' }],
    ['of nearly the same issuer', { ...good, iss: 'https://idp.example' }],
    ['of no issuer', without('iss')],
    ['for another audience', { ...good, aud: 'another-game' }],
    ['for no audience', without('aud')],
    ['for an audience beside ours', { ...good, aud: ['game', 'another-game'], azp: 'game' }],
    ['for several without an azp', { ...good, aud: ['game', 'game-on-android'] }],
    ['for another azp', { ...good, azp: 'another-game' }],
    ['with an azp that is no text', { ...good, azp: ['game'] }],
    ['of nobody', without('sub')],
    ['of nobody in particular', { ...good, sub: '' }],
    ['of somebody unprintable', { ...good, sub: 'a\u0000b' }],
    ['of somebody too long', { ...good, sub: 'x'.repeat(256) }],
    ['that has expired', { ...good, exp: nowS - 31 }],
    ['without an end', without('exp')],
    ['without a beginning', without('iat')],
    ['from the future', { ...good, iat: nowS + 60 }],
    ['that holds only later', { ...good, nbf: nowS + 60 }],
    ['that is too old', { ...good, iat: nowS - 631 }],
    ['with a nonce that is not named', { ...good, nonce: 'n' }],
    ['with another nonce', { ...good, nonce: 'n' }, { nonce: 'm' }],
    ['without the nonce that is named', good, { nonce: 'n' }],
    ['with a nonce that is no text', { ...good, nonce: 5 }, { nonce: '5' }],
    ['without a nonce where one is required', good, { changed: { nonce: 'required' } }],
    ['that is an access token', good, { header: { typ: 'at+jwt' } }],
    ['that is a logout token by its type', good, { header: { typ: 'logout+jwt' } }],
    ['that is a logout token by its claims', { ...good, events: {} }],
    ['with a header that must be understood and is not', good, { header: { crit: ['x'], x: 1 } }],
    ['with a signature that is not accepted', good, { changed: { algorithms: ['RS256'] } }],
  ]
  it.each(bad)('%s is refused', async (_, claims, how) => {
    await expect(read(claims, how)).rejects.toMatchObject({ code: 'INVALID_PROVIDER_TOKEN' })
  })
  it('is told apart: expired, or issued too long ago', async () => {
    const expired = read({ ...good, exp: nowS - 31 })
    await expect(expired).rejects.toThrow('The ID token has expired.')
    const old = read({ ...good, iat: nowS - 631 })
    await expect(old).rejects.toThrow('The ID token was issued too long ago.')
  })
  it('may be a little off in time', async () => {
    expect((await read({ ...good, exp: nowS - 29 })).sub).toBe('ann')
    expect((await read({ ...good, iat: nowS + 29 })).sub).toBe('ann')
  })
  it('is neither good nor bad where the keys cannot be had', async () => {
    const away = new Error('away')
    const token = await sign(good)
    const asked = readIdToken(token, undefined, () => Promise.reject(away), rules, now)
    await expect(asked).rejects.toBe(away)
  })
  it('says what is wrong with it', () => {
    expect(idTokenProblem(undefined, { ...good, nonce: 'n' }, undefined, rules)).toContain('name it')
    expect(idTokenProblem('JWT', good, undefined, rules)).toBeNull()
  })
})
