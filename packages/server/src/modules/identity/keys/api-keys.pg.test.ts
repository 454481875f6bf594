import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround } from '../../../../test/support/identity-ground.ts'
import { mintApiKey } from './api-key.ts'

describe('API keys', () => {
  let home: IdentityGround
  let operator: string
  beforeAll(async () => {
    home = await identityGround()
    const first = await home.identity.firstOperator()
    operator = (await home.login(first?.username ?? '', first?.password)).access_token
  })
  afterAll(() => home[Symbol.asyncDispose]())

  const create = (body: object, more: object = {}) => home.ask('POST /keys', { token: operator, body, ...more })
  const callerOf = (secret: string) => home.identity.authenticators.key(secret)

  it('are made by operators, and let their holder in with their scopes', async () => {
    const { status, body, headers } = await create({ name: 'arena', scopes: ['server', 'service'] })
    expect([status, headers['cache-control']]).toEqual([201, 'no-store'])
    expect(body).toMatchObject({ name: 'arena', expires_at: null, last_used_at: null, revoked_at: null })
    expect(await callerOf(body.secret)).toEqual({ kind: 'key', key: body.id, scopes: ['server', 'service'] })
  })
  it('[security 17] are listed without their secrets', async () => {
    const { body } = await create({ name: 'listed', scopes: ['service'] })
    const listed = await home.ask('GET /keys', { token: operator })
    const row = listed.body.keys.find(({ id }: { id: string }) => id === body.id)
    expect(Object.keys(row).sort()).toEqual(
      ['created_at', 'expires_at', 'id', 'last_used_at', 'name', 'revoked_at', 'scopes'].sort(),
    )
    expect(JSON.stringify(listed.body)).not.toContain(body.secret)
    expect(await home.everything()).not.toContain(body.secret.slice(-49, -6))
  })
  it('[security 2] are for operators alone', async () => {
    const { body } = await create({ name: 'a server', scopes: ['server'] })
    const guest = await home.guest()
    for (const token of [body.secret, guest.access_token]) {
      for (const line of ['GET /keys', 'POST /keys', `DELETE /keys/${body.id}`]) {
        const asked = line.startsWith('POST') ? { token, body: { name: 'x', scopes: ['operator'] } } : { token }
        expect([line, (await home.ask(line, asked)).status]).toEqual([line, 403])
      }
    }
    expect((await home.ask('GET /keys')).status).toBe(401)
  })
  it('of scope operator make keys too', async () => {
    const { body } = await create({ name: 'tools', scopes: ['operator'] })
    expect((await home.ask('POST /keys', { token: body.secret, body: { name: 'x', scopes: ['server'] } })).status).toBe(
      201,
    )
  })
  it('must be named and scoped', async () => {
    for (const body of [
      { name: '', scopes: ['server'] },
      { name: 'x', scopes: [] },
      { name: 'x', scopes: ['root'] },
      { name: 'x', scopes: ['server', 'server'] },
      { name: 'x', scopes: ['server'], expires_in_s: 1 },
    ]) {
      expect((await create(body)).code).toBe('INVALID_REQUEST')
    }
  })
  it('[security 17] end at their time', async () => {
    const { body } = await create({ name: 'short', scopes: ['server'], expires_in_s: 60 })
    expect(await callerOf(body.secret)).not.toBeNull()
    await home.ground.clock.advance(60_000)
    expect(await callerOf(body.secret)).toBeNull()
  })
  it('[security 4] are revoked here at once, and on a node that lost the hint within its cache’s two seconds', async () => {
    const { body } = await create({ name: 'gone', scopes: ['server'] })
    const other = await home.anotherNode()
    expect(await other.authenticators.key(body.secret)).not.toBeNull()
    expect((await home.ask(`DELETE /keys/${body.id}`, { token: operator })).status).toBe(204)
    expect(await callerOf(body.secret)).toBeNull()
    await home.ground.clock.advance(2_000)
    expect(await other.authenticators.key(body.secret)).toBeNull()
    const again = await home.ask(`DELETE /keys/${body.id}`, { token: operator })
    expect([again.status, again.code]).toEqual([404, 'KEY_NOT_FOUND'])
    expect((await home.ask('DELETE /keys/nonsense', { token: operator })).code).toBe('INVALID_REQUEST')
  })
  it('do not open with another secret, checksum or id', async () => {
    const { body } = await create({ name: 'guessed', scopes: ['server'] })
    expect(await callerOf(mintApiKey(body.id).text)).toBeNull()
    expect(await callerOf(mintApiKey('key_nobody').text)).toBeNull()
    expect(await callerOf(`${body.secret.slice(0, -1)}!`)).toBeNull()
    expect((await home.ask('GET /keys', { token: mintApiKey(body.id).text })).status).toBe(401)
  })
  it('tell when they were used last, to the minute', async () => {
    const { body } = await create({ name: 'used', scopes: ['server'] })
    await callerOf(body.secret)
    const lastUsed = async () => {
      await home.ground.clock.advance(61_000)
      return (await home.identity.listKeys()).find(({ id }) => id === body.id)?.lastUsedAt
    }
    await expect.poll(lastUsed).toBeGreaterThan(0)
  })
  it('are made once for one Idempotency-Key, with a secret that works, even after a crash', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const body = { name: 'once', scopes: ['server'] }
    const first = await create(body, { headers })
    expect((await create(body, { headers })).body).toEqual(first.body)
    expect((await home.identity.listKeys()).filter(({ name }) => name === 'once')).toHaveLength(1)
  })
  it('can be made, listed and revoked without a server (the command line)', async () => {
    const { key, secret } = await home.identity.createKey({ name: 'cli', scopes: ['server'], expiresAtMs: null })
    expect(await callerOf(secret)).not.toBeNull()
    await home.identity.revokeKey(key.id)
    expect(await callerOf(secret)).toBeNull()
    await expect(home.identity.revokeKey(key.id)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' })
  })
})
