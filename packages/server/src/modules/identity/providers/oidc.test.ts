import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../../test/support/simulated-clock.ts'
import { silentLog } from '../../../platform/log.ts'
import { completeProviderOptions, type OidcOptions } from './config.ts'
import { createOidcProvider } from './oidc.ts'

/** A server that answers each path as the test says, and counts how often it was asked. */
async function hostile(answer: (path: string, origin: string) => { status?: number; body: string }) {
  const asked: string[] = []
  const http = createServer(({ url = '/' }, response) => {
    asked.push(url)
    const { status = 200, body } = answer(url, origin)
    response.writeHead(status, { 'content-type': 'application/json', location: `${origin}/elsewhere` }).end(body)
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const origin = `http://127.0.0.1:${(http.address() as { port: number }).port}`
  return {
    ...{ origin, asked },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}

describe('a provider that is not what it should be', () => {
  let privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
  let published: JWK
  beforeAll(async () => {
    const pair = await generateKeyPair('ES256')
    privateKey = pair.privateKey
    published = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }
  })

  const metadata = '/.well-known/openid-configuration'
  const told = (issuer: string, more: object = {}) => ({
    body: JSON.stringify({ issuer, jwks_uri: `${issuer}/keys`, token_endpoint: `${issuer}/token`, ...more }),
  })
  const keys = (...list: unknown[]) => ({ body: JSON.stringify({ keys: list }) })
  async function signIn(origin: string, more: object = {}, proof?: object) {
    const clock = simulatedClock()
    const given = completeProviderOptions({ kind: 'oidc', issuer: origin, clientId: 'game', ...more }) as OidcOptions
    const nowS = clock.now() / 1_000
    const token = await new SignJWT({ iss: origin, aud: 'game', sub: 'ann', iat: nowS, exp: nowS + 60 })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(privateKey)
    const provider = createOidcProvider({ clock, log: silentLog, secret: null }, given)
    return provider.vouch((proof ?? { token }) as { token: string }).then(
      ({ subject }) => subject,
      (error: { code: string }) => error.code,
    )
  }
  const away = 'PROVIDER_UNAVAILABLE'

  it('[security 33] sends nobody to hosts that were not named', async () => {
    await using other = await hostile(() => keys(published))
    await using first = await hostile((_, origin) => told(origin, { jwks_uri: `${other.origin}/keys` }))
    expect(await signIn(first.origin)).toBe(away)
    expect(other.asked).toEqual([])
    expect(await signIn(first.origin, { hosts: [new URL(other.origin).host] })).toBe('ann')
  })
  it('takes no code, and no secret, to hosts that were not named', async () => {
    await using other = await hostile(() => ({ body: '{}' }))
    await using first = await hostile((_, origin) => told(origin, { token_endpoint: `${other.origin}/token` }))
    const code = { code: 'c', code_verifier: 'v'.repeat(43), redirect_uri: 'https://game.example/' }
    expect(await signIn(first.origin, {}, code)).toBe(away)
    expect(other.asked).toEqual([])
  })
  it('vouches for nobody under another name', async () => {
    await using one = await hostile((path) => (path === metadata ? told('https://other.example') : keys(published)))
    expect(await signIn(one.origin)).toBe(away)
  })
  it.each<[string, Parameters<typeof hostile>[0]]>([
    ['redirects for its metadata', () => ({ status: 302, body: '' })],
    ['metadata that is no JSON', () => ({ body: '<html>' })],
    ['metadata that is nothing', () => ({ body: 'null' })],
    ['metadata without an end', () => ({ body: `{"issuer": "${'x'.repeat(300_000)}"}` })],
    ['metadata without keys', (_, origin) => told(origin, { jwks_uri: undefined })],
    ['keys at an address that is none', (_, origin) => told(origin, { jwks_uri: 'keys' })],
    ['keys in a file', (_, origin) => told(origin, { jwks_uri: 'file:///etc/passwd' })],
    ['an error for keys', (path, origin) => (path === metadata ? told(origin) : { status: 500, body: '{}' })],
    [
      'a redirect for keys',
      (path, origin) => (path === metadata ? told(origin) : { status: 302, body: '{"keys":[]}' }),
    ],
    ['keys that are no JSON', (path, origin) => (path === metadata ? told(origin) : { body: '{' })],
    ['keys that are nothing', (path, origin) => (path === metadata ? told(origin) : { body: 'null' })],
    ['keys that are none', (path, origin) => (path === metadata ? told(origin) : keys(1, 'x', null))],
    ['more keys than anybody has', (path, origin) => (path === metadata ? told(origin) : keys(...Array(101).fill({})))],
    [
      'a key that cannot be used',
      (path, origin) => (path === metadata ? told(origin) : keys({ ...published, x: 'AA' })),
    ],
  ])('with %s is one that cannot be asked', async (_, answer) => {
    await using one = await hostile(answer)
    expect(await signIn(one.origin)).toBe(away)
  })
  it('with a secret among its keys vouches for nobody by it', async () => {
    const shared = { kty: 'oct', k: 'AAAA', kid: 'k', alg: 'ES256' }
    await using one = await hostile((path, origin) => (path === metadata ? told(origin) : keys(shared)))
    expect(await signIn(one.origin)).toBe('INVALID_PROVIDER_TOKEN')
  })
  it('is asked once by many, and not again while its keys are fresh', async () => {
    await using one = await hostile((path, origin) => (path === metadata ? told(origin) : keys(published)))
    const clock = simulatedClock()
    const given = completeProviderOptions({ kind: 'oidc', issuer: one.origin, clientId: 'game' }) as OidcOptions
    const provider = createOidcProvider({ clock, log: silentLog, secret: null }, given)
    const nowS = clock.now() / 1_000
    const token = await new SignJWT({ iss: one.origin, aud: 'game', sub: 'ann', iat: nowS, exp: nowS + 3_000 })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(privateKey)
    await Promise.all(Array.from({ length: 50 }, () => provider.vouch({ token })))
    expect(one.asked).toEqual([metadata, '/keys'])
    await clock.advance(599_000)
    await provider.vouch({ token })
    expect(one.asked).toHaveLength(2)
  })
})
