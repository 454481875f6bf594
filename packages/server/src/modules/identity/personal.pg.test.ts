import { describe, expect, it } from 'vitest'
import { identityGround } from '../../../test/support/identity-ground.ts'
import { createLog } from '../../platform/log.ts'

describe('what is kept of a player', () => {
  it('[security 40] is exported: the account, its logins, what was done', async () => {
    await using home = await identityGround()
    const { user_id } = await home.register('Mirabel')
    await home.login('Mirabel')
    const exported = (await home.identity.personal.exportOf(user_id)) as Record<string, unknown[]>
    expect(exported.username).toBe('Mirabel')
    expect(exported.logins).toHaveLength(2)
    expect(exported.audit).toMatchObject([{ what: 'registered' }, { what: 'signed_in' }])
    expect(JSON.stringify(exported)).not.toMatch(/argon2|token|hash/)
  })
  it('[security 40] is erased: afterwards no row names the player, and nobody can sign in', async () => {
    await using home = await identityGround()
    const tokens = await home.register('Mirabel', 'correct horse staple', { address: '198.51.100.77' })
    const other = await home.login('Mirabel')
    await home.ask('POST /auth/login', { body: { username: 'Mirabel', password: 'wrong' } })
    await home.identity.rename(tokens.user_id, 'Mirabel the Great')
    await home.identity.ban({ player: tokens.user_id, reason: 'Mirabel was rude', untilMs: 1 }, 'player_operator')
    const guest = await home.guest('Mirabel')
    expect(await home.everything()).toMatch(/mirabel/i)

    const erase = () => home.ground.db.transact((tx) => home.identity.eraseAccount(tx, tokens.user_id))
    await erase()
    await erase()
    await home.ground.db.transact((tx) => home.identity.eraseAccount(tx, guest.user_id))
    const left = await home.everything()
    expect(left).not.toMatch(/mirabel/i)
    expect(left).toContain(tokens.user_id)
    expect(await Promise.all([tokens, other, guest].map(home.isLetIn))).toEqual([false, false, false])
    expect((await home.refresh(other)).code).toBe('UNAUTHENTICATED')
    const login = await home.ask('POST /auth/login', {
      body: { username: 'Mirabel', password: 'correct horse staple' },
    })
    expect(login.code).toBe('INVALID_CREDENTIALS')
    expect((await home.identity.peopleOf([tokens.user_id])).size).toBe(0)
    expect((await home.register('Mirabel')).user_id).not.toBe(tokens.user_id)
  })
  it('[security 17] holds no password, token or address that could be used', async () => {
    await using home = await identityGround()
    const secrets = ['correct horse staple', '198.51.100.77']
    const first = await home.register('quiet', 'correct horse staple', { address: '198.51.100.77' })
    const { body } = await home.refresh(first)
    const guest = await home.guest('guest', { address: '198.51.100.77' })
    for (const tokens of [first, body, guest]) {
      secrets.push(tokens.access_token, tokens.refresh_token, tokens.refresh_token.slice(-60, -24))
    }
    const kept = await home.everything()
    for (const secret of secrets) expect(kept).not.toContain(secret)
  })
  it('holds addresses as the policy says', async () => {
    await using plain = await identityGround({ auditAddress: 'plain' })
    await plain.register('open', 'correct horse staple', { address: '198.51.100.77' })
    expect(await plain.everything()).toContain('198.51.100.77')
    await using none = await identityGround({ auditAddress: 'none' })
    await none.register('none', 'correct horse staple', { address: '198.51.100.77' })
    await none.login('none')
    expect(await none.everything()).not.toContain('198.51.100.77')
  })
})

it('[security 19] says no secret in any log line', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'trace', pretty: false }, { write: (line: string) => void lines.push(line) })
  await using home = await identityGround({}, {}, { log })
  const first = await home.identity.firstOperator()
  const tokens = await home.register('canary', 'a canary in a cage')
  const refreshed = await home.refresh(tokens)
  await home.refresh(tokens)
  await home.ask('POST /auth/login', { body: { username: 'canary', password: 'a wrong canary' } })
  const { secret } = await home.identity.createKey({ name: 'x', scopes: ['server'] })
  await home.identity.authenticators.key(`${secret}x`)
  await home.ask('POST /auth/logout', { body: { refresh_token: refreshed.body.refresh_token } })
  log.info('the log was heard')
  const said = lines.join('\n')
  expect(said).toContain('the log was heard')
  const secrets = [first?.password ?? '', 'a canary in a cage', 'a wrong canary', secret]
  for (const pair of [tokens, refreshed.body]) secrets.push(pair.access_token, pair.refresh_token)
  for (const one of secrets) expect(said).not.toContain(one)
})
