import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround } from '../../../test/support/identity-ground.ts'

const password = 'a good long phrase'
const address = '192.0.2.1'

describe('accounts of match servers', () => {
  let home: IdentityGround
  beforeAll(async () => {
    home = await identityGround()
  })
  afterAll(() => home[Symbol.asyncDispose]())

  const newKey = (scopes: ('server' | 'service' | 'operator')[], expiresAtMs: number | null = null) =>
    home.identity.createKey({ name: 'a key', scopes, expiresAtMs })
  const register = async (username: string, secret: string) => {
    const serverKey = await home.identity.serverAccounts.keyIn(secret)
    return home.identity.register({ player: home.ground.mintId('player'), username, password, serverKey }, address)
  }
  const keyOf = (player: `player_${string}`) => home.identity.serverAccounts.keyOf(player)

  it('are made only with an API key of scope server', async () => {
    const good = await newKey(['server'])
    const service = await newKey(['service'])
    const operator = await newKey(['operator'])
    const revoked = await newKey(['server'])
    await home.identity.revokeKey(revoked.key.id)
    for (const secret of [service.secret, operator.secret, revoked.secret, `${good.secret}x`, 'true', '']) {
      await expect(home.identity.serverAccounts.keyIn(secret)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    }
    expect(await home.identity.serverAccounts.keyIn(good.secret)).toBe(good.key.id)
  })

  it('act as their key, for as long as it is good', async () => {
    const { key, secret } = await newKey(['server'])
    const { user_id: account } = await register('arena', secret)
    expect(await keyOf(account)).toBe(key.id)
    const audit = await home.rows(sql`select what, api_key from identity_audit where player = ${account} order by id`)
    expect(audit).toEqual([{ what: 'registered', api_key: key.id }])
    expect(await home.identity.personal.exportOf(account)).toMatchObject({ server_key: key.id })
    await home.identity.revokeKey(key.id)
    expect(await keyOf(account)).toBeNull()
    // It is an account still.
    expect((await home.identity.signIn({ username: 'arena', password }, address)).user_id).toBe(account)
  })

  it('end with their key', async () => {
    const { key, secret } = await newKey(['server'], home.ground.clock.now() + 60_000)
    const { user_id: account } = await register('short', secret)
    expect(await keyOf(account)).toBe(key.id)
    await home.ground.clock.advance(60_000)
    expect(await keyOf(account)).toBeNull()
  })

  it('are no others: a player’s account acts as no key', async () => {
    const made = await home.ask('POST /auth/register', { body: { username: 'player', password } })
    expect(await keyOf(made.body.user_id)).toBeNull()
    expect(await keyOf('player_0')).toBeNull()
  })

  it('as all others: a login is found by its id until it ends', async () => {
    const { user_id: player, access_token: token } = await home.identity.signIn(
      { username: 'short', password },
      address,
    )
    const caller = await home.identity.verifyAccess(token)
    const login = caller?.login ?? 'login_0'
    expect(await home.identity.callerOf(login)).toMatchObject({
      kind: 'player',
      player,
      nick: 'short',
      operator: false,
    })
    await home.identity.endLogin(login, address)
    expect(await home.identity.callerOf(login)).toBeNull()
    expect(await home.identity.callerOf('login_0')).toBeNull()
    expect(await home.identity.verifyAccess(token)).toBeNull()
    await home.identity.endLogin(login, address)
    const ends = await home.rows(sql`select 1 from identity_audit where what = 'logged_out' and login = ${login}`)
    expect(ends).toHaveLength(1)
  })
})
