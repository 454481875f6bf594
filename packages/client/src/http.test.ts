import type { Tokens } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { type Heard, problem, type Reply, stubMuster } from '../../../test/support/stub-muster.ts'
import { createClient } from './client.ts'
import { MusterError } from './errors.ts'

const pair = (name: string): Tokens => ({
  access_token: `access-${name}`,
  refresh_token: `refresh-${name}`,
  token_type: 'Bearer',
  expires_in: 900,
  user_id: 'player_ann',
})
const profile = { id: 'player_ann', nick: 'ann', guest: false, username: 'ann', created_at: '2026-01-01T00:00:00.000Z' }
const pathsOf = (heard: Heard[]) => heard.map(({ path }) => path)

/** Good only with the token `access-b`, which a refresh gives. */
const expiredFirst = ({ path, authorization }: Heard): Reply => {
  if (path === '/auth/refresh') return { body: pair('b') }
  return authorization === 'Bearer access-b' ? { body: profile } : problem(401, 'UNAUTHENTICATED')
}

describe('a signed-in call', () => {
  it('renews the access token when it is refused, and is made again', async () => {
    await using muster = await stubMuster(expiredFirst)
    const kept: (Tokens | null)[] = []
    const client = createClient({ url: muster.url, tokens: pair('a'), onTokens: (tokens) => kept.push(tokens) })
    expect(await client.me()).toEqual(profile)
    expect(pathsOf(muster.heard)).toEqual(['/players/me', '/auth/refresh', '/players/me'])
    expect(muster.heard[1]?.body).toEqual({ refresh_token: 'refresh-a' })
    expect(kept.map((tokens) => tokens?.access_token)).toEqual(['access-a', 'access-b'])
  })

  it('shares one renewal with all others that were refused', async () => {
    await using muster = await stubMuster(expiredFirst)
    const client = createClient({ url: muster.url, tokens: pair('a') })
    await Promise.all(Array.from({ length: 8 }, () => client.me()))
    expect(pathsOf(muster.heard).filter((path) => path === '/auth/refresh')).toHaveLength(1)
  })

  it('ends signed out when the login has ended', async () => {
    await using muster = await stubMuster(({ path }) =>
      path === '/auth/refresh' ? problem(401, 'TOKEN_REUSED') : problem(401, 'UNAUTHENTICATED'),
    )
    const client = createClient({ url: muster.url, tokens: pair('a') })
    await expect(client.me()).rejects.toMatchObject({ code: 'TOKEN_REUSED' })
    expect(client.userId).toBeNull()
    await expect(client.me()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: 'Nobody is signed in.' })
    expect(muster.heard).toHaveLength(2)
  })
})

describe('a call', () => {
  it('that makes something is repeated with one Idempotency-Key, and another has another', async () => {
    await using muster = await stubMuster(({ path }, count) => {
      if (path === '/auth/register' && count === 1) return { hangUp: true }
      if (path === '/auth/register' && count === 2) return problem(503, 'OUTCOME_UNKNOWN')
      return { status: 201, body: pair('a') }
    })
    const client = createClient({ url: muster.url })
    await client.register({ username: 'ann', password: 'correct horse' })
    await client.guest()
    const keys = muster.heard.map(({ idempotencyKey }) => idempotencyKey)
    expect(keys).toHaveLength(4)
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(new Set(keys.slice(0, 3)).size).toBe(1)
    expect(keys[3]).not.toBe(keys[0])
  })

  it('that links an identity is repeated, since only its answer brings the next tokens', async () => {
    await using muster = await stubMuster((_, count) => (count === 1 ? { hangUp: true } : { body: pair('b') }))
    const client = createClient({ url: muster.url, tokens: pair('a') })
    await client.link('a/b', { token: 'from there' })
    expect(pathsOf(muster.heard)).toEqual(['/auth/link/a%2Fb', '/auth/link/a%2Fb'])
    expect(muster.heard[1]).toMatchObject({ authorization: 'Bearer access-a', body: { token: 'from there' } })
    await client.unlink('steam')
    expect(muster.heard[2]).toMatchObject({ method: 'DELETE', authorization: 'Bearer access-b' })
  })

  it('that signs in with a provider is repeated with one Idempotency-Key', async () => {
    await using muster = await stubMuster((_, count) =>
      count === 1 ? problem(503, 'PROVIDER_UNAVAILABLE', { 'retry-after': '0' }) : { body: pair('a') },
    )
    const client = createClient({ url: muster.url })
    await client.signInWith('steam', { token: 'ab' })
    expect(client.userId).toBe('player_ann')
    expect(new Set(muster.heard.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
  })

  it('is repeated while its first try is still under way', async () => {
    await using muster = await stubMuster((_, count) =>
      count === 1 ? problem(409, 'IDEMPOTENCY_IN_PROGRESS') : { status: 201, body: pair('a') },
    )
    await createClient({ url: muster.url }).guest()
    expect(muster.heard).toHaveLength(2)
  })

  it('is not repeated where a repetition would be refused by its own first try', async () => {
    await using muster = await stubMuster(() => ({ hangUp: true }))
    const client = createClient({ url: muster.url, tokens: pair('a') })
    await expect(client.upgrade({ username: 'ann', password: 'correct horse' })).rejects.toThrow()
    await expect(client.storage.put('a', 'b', 1, { over: 'v1' })).rejects.toThrow()
    expect(muster.heard).toHaveLength(2)
  })

  it('gives up after a few tries, or where waiting takes too long', async () => {
    await using muster = await stubMuster(({ path }) =>
      path === '/queues' ? { hangUp: true } : problem(503, 'BUSY', { 'retry-after': '60' }),
    )
    const client = createClient({ url: muster.url })
    await expect(client.results()).rejects.toMatchObject({ code: 'BUSY', retryAfterS: 60 })
    expect(muster.heard).toHaveLength(1)
    await expect(client.queues()).rejects.toThrow(/fetch failed/)
    expect(muster.heard).toHaveLength(5)
  })

  it('says what Muster said', async () => {
    await using muster = await stubMuster(() => problem(429, 'RATE_LIMITED', { 'retry-after': '7' }))
    const refusal = await createClient({ url: muster.url })
      .login({ username: 'ann', password: 'wrong' })
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(MusterError)
    expect(refusal).toMatchObject({
      ...{ code: 'RATE_LIMITED', status: 429, retryAfterS: 7, requestId: 'req_1' },
      message: 'The stub says RATE_LIMITED.',
    })
  })

  it('says what it can where a proxy answers in its own words', async () => {
    await using muster = await stubMuster(() => ({ status: 404, text: '<h1>Not here</h1>' }))
    await expect(createClient({ url: muster.url }).queues()).rejects.toMatchObject({ status: 404, code: 'UNKNOWN' })
  })

  it('puts what it is given into the address safely', async () => {
    await using muster = await stubMuster(() => ({ body: { rows: [] } }))
    const client = createClient({ url: muster.url })
    await client.leaderboard('a/b?c', { limit: 3, around: undefined })
    expect(muster.heard[0]?.path).toBe('/leaderboards/a%2Fb%3Fc')
    expect(muster.heard[0]?.query.toString()).toBe('limit=3')
  })
})

describe('the account', () => {
  it('forgets its tokens at logout, and says nothing where nobody is signed in', async () => {
    await using muster = await stubMuster(() => ({ status: 204 }))
    const client = createClient({ url: muster.url, tokens: pair('a') })
    expect(client.userId).toBe('player_ann')
    await client.logout()
    await client.logout()
    expect(client.userId).toBeNull()
    expect(muster.heard).toMatchObject([{ path: '/auth/logout', body: { refresh_token: 'refresh-a' } }])
  })

  it('takes the tokens of each way in', async () => {
    await using muster = await stubMuster(({ path }) => ({ status: 200, body: pair(path) }))
    const client = createClient({ url: muster.url })
    const account = { username: 'ann', password: 'correct horse' }
    for (const [way, path] of [
      [() => client.register({ ...account, nick: 'Ann' }), '/auth/register'],
      [() => client.login(account), '/auth/login'],
      [() => client.guest('ann'), '/auth/guest'],
      [() => client.upgrade(account), '/auth/upgrade'],
      [() => client.changePassword('a', 'b'), '/auth/password'],
    ] as const) {
      expect((await way()).access_token).toBe(`access-${path}`)
      expect(client.userId).toBe('player_ann')
    }
    expect(muster.heard.at(-1)?.authorization).toBe('Bearer access-/auth/upgrade')
  })
})

describe('storage', () => {
  it('writes over one version, over none, or over any', async () => {
    const headers: (string | undefined)[] = []
    await using muster = await stubMuster(() => ({
      body: { collection: 'saves', key: 'one', value: 1, version: 'v2' },
    }))
    const client = createClient({
      url: muster.url,
      tokens: pair('a'),
      fetch(input, init) {
        const given = new Headers(init?.headers)
        headers.push(given.get('if-match') ?? given.get('if-none-match') ?? undefined)
        return fetch(input, init)
      },
    })
    await client.storage.put('saves', 'one', { level: 3 }, { over: 'v1' })
    await client.storage.put('saves', 'one', { level: 3 }, { over: 'none' })
    await client.storage.put('saves', 'one', { level: 3 })
    await client.storage.delete('saves', 'one', { over: 'v2' })
    expect(headers).toEqual(['"v1"', '*', undefined, '"v2"'])
    expect(muster.heard[0]).toMatchObject({ path: '/players/me/storage/saves/one', body: { level: 3 } })
  })
})
