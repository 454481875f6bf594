import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { identityGround } from '../../../test/support/identity-ground.ts'

const second = 1_000

describe('the first operator', () => {
  it('[security 20] is made once, with a password that works and is kept nowhere', async () => {
    await using home = await identityGround()
    const first = await home.identity.firstOperator()
    expect(first?.username).toBe('operator')
    expect(first?.password).toMatch(/^\w{24}$/)
    expect(await home.identity.firstOperator()).toBeNull()
    await home.login('operator', first?.password)
    expect(await home.everything()).not.toContain(first?.password)
  })
  it('is one, of several nodes that start at once', async () => {
    await using home = await identityGround()
    const nodes = await Promise.all([home.anotherNode(), home.anotherNode(), home.anotherNode()])
    const made = await Promise.all([home.identity, ...nodes].map((node) => node.firstOperator()))
    expect(made.filter((one) => one !== null)).toHaveLength(1)
    expect(await home.rows(sql`select player from identity_accounts where operator`)).toHaveLength(1)
  })
  it('finds another name where a player took the plain one', async () => {
    await using home = await identityGround()
    await home.register('operator')
    expect((await home.identity.firstOperator())?.username).toMatch(/^operator-[a-z0-9]{6}$/)
  })
  it('is one by the account, here at once and elsewhere soon, and no longer than it says so', async () => {
    await using home = await identityGround()
    const other = await home.anotherNode()
    const first = await home.identity.firstOperator()
    const { access_token, user_id } = await home.login('operator', first?.password)
    const isOperator = async (node = home.identity) => (await node.verifyAccess(access_token))?.operator
    expect(await isOperator()).toBe(true)
    await home.ground.clock.advance(2 * second)
    await expect.poll(() => isOperator(other)).toBe(true)
    await home.identity.setOperator(user_id, false)
    expect(await isOperator()).toBe(false)
    await home.ground.clock.advance(2 * second)
    await expect.poll(() => isOperator(other)).toBe(false)
    expect(await home.identity.setOperator((await home.guest()).user_id, true)).toBe(false)
  })
})

describe('a ban', () => {
  it('[security 4] ends every login here and elsewhere, and refuses new ones', async () => {
    await using home = await identityGround()
    const other = await home.anotherNode()
    const tokens = await home.register('rude')
    const again = await home.login('rude')
    await home.identity.ban({ player: tokens.user_id, reason: 'rudeness' }, 'player_operator')
    expect(await Promise.all([tokens, again].map(home.isLetIn))).toEqual([false, false])
    expect((await home.refresh(again)).code).toBe('UNAUTHENTICATED')
    await home.ground.clock.advance(2 * second)
    await expect.poll(() => other.verifyAccess(tokens.access_token)).toBeNull()
    const refused = await home.ask('POST /auth/login', { body: { username: 'rude', password: 'correct horse staple' } })
    expect([refused.status, refused.code]).toEqual([403, 'FORBIDDEN'])
    const wrong = await home.ask('POST /auth/login', { body: { username: 'rude', password: 'not the password' } })
    expect(wrong.code).toBe('INVALID_CREDENTIALS')
  })
  it('ends at its time, or when it is lifted', async () => {
    await using home = await identityGround()
    const { user_id } = await home.register('calmer')
    const until = home.ground.clock.now() + 60 * second
    await home.identity.ban({ player: user_id, reason: 'a minute’s rest', untilMs: until }, 'player_operator')
    await expect(home.login('calmer')).rejects.toThrow('FORBIDDEN')
    await home.ground.clock.advance(60 * second)
    await home.login('calmer')
    await home.identity.ban({ player: user_id, reason: 'again' }, 'player_operator')
    await expect(home.login('calmer')).rejects.toThrow('FORBIDDEN')
    expect(await home.identity.unban(user_id, 'player_operator')).toBe(true)
    expect(await home.identity.unban(user_id, 'player_operator')).toBe(false)
    await home.login('calmer')
  })
  it('catches who signs in at that very moment', async () => {
    await using home = await identityGround()
    const { user_id } = await home.register('quick')
    const tries = Array.from({ length: 20 }, () =>
      home.ask('POST /auth/login', { body: { username: 'quick', password: 'correct horse staple' } }),
    )
    await home.identity.ban({ player: user_id, reason: 'x' }, 'player_operator')
    const answers = await Promise.all(tries)
    for (const { status, body } of answers) if (status === 200) expect(await home.isLetIn(body)).toBe(false)
    expect(await home.rows(sql`select id from identity_logins where ended_at is null`)).toEqual([])
  })
  it('needs a player', async () => {
    await using home = await identityGround()
    const ban = home.identity.ban({ player: 'player_nobody', reason: 'x' }, 'player_operator')
    await expect(ban).rejects.toMatchObject({ code: 'PLAYER_NOT_FOUND' })
  })
})
