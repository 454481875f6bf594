import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { problem, stubMuster } from '../../../../../test/support/stub-muster.ts'
import { openAccounts } from './accounts.ts'

/** Muster as far as accounts go. */
async function ground() {
  const passwords = new Map<string, string>()
  const muster = await stubMuster(({ path, body }) => {
    const { username, password } = body as { username: string; password: string }
    const tokens = { access_token: 'a', refresh_token: 'b', token_type: 'Bearer', expires_in: 900 }
    if (path === '/auth/register' && passwords.has(username)) return problem(409, 'USERNAME_TAKEN')
    if (path === '/auth/register') passwords.set(username, password)
    if (passwords.get(username) !== password) return problem(401, 'INVALID_CREDENTIALS')
    return { status: 201, body: { ...tokens, user_id: `player_${username.replace(/\W/g, '')}` } }
  })
  const folder = await mkdtemp(join(tmpdir(), 'muster-demo-'))
  return {
    ...{ passwords, muster, folder, path: join(folder, 'data', 'demo.json') },
    open: (server: 'own' | URL = 'own') => openAccounts(join(folder, 'data'), server, muster.url),
    async [Symbol.asyncDispose]() {
      await muster[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

describe('the bots’ accounts', () => {
  it('are made once, with passwords that nobody else knows, and used again', async () => {
    await using it = await ground()
    const first = await it.open()
    const before = (await first.signIn(['Ada', 'Finn'])).map(({ userId }) => userId)
    await first.finish()
    expect(it.passwords.size).toBe(2)
    expect(new Set(it.passwords.values()).size).toBe(2)
    expect((await stat(it.path)).mode & 0o777).toBe(0o600)

    const second = await it.open()
    expect([first.runs, second.runs]).toEqual([0, 1])
    expect((await second.signIn(['Ada', 'Finn'])).map(({ userId }) => userId)).toEqual(before)
    expect(it.muster.heard.filter(({ path }) => path === '/auth/register')).toHaveLength(2)
  })

  it('take another name where theirs is somebody else’s', async () => {
    await using it = await ground()
    it.passwords.set('demo-ada', 'the real Ada’s')
    const [ada] = await (await it.open()).signIn(['Ada'])
    expect(ada?.userId).toMatch(/^player_demoada[0-9a-f]{4}$/)
    expect(it.muster.heard.at(-1)?.body).toMatchObject({ nick: 'Ada' })
  })

  it('are others on another server', async () => {
    await using it = await ground()
    await (await it.open()).signIn(['Ada'])
    await (await it.open(new URL('https://play.example.com/x'))).signIn(['Ada'])
    const kept = JSON.parse(await readFile(it.path, 'utf8'))
    expect(Object.keys(kept)).toEqual(['own', 'https://play.example.com'])
    expect(kept.own.accounts.Ada.password).not.toBe(kept['https://play.example.com'].accounts.Ada.password)
  })

  it('are made anew where the data is new', async () => {
    await using it = await ground()
    await (await it.open()).signIn(['Ada'])
    it.passwords.clear()
    const [ada] = await (await it.open()).signIn(['Ada'])
    expect(ada?.userId).toBe('player_demoada')
  })
})
