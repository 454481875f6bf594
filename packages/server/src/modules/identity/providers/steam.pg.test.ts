import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround } from '../../../../test/support/identity-ground.ts'
import {
  type Answered,
  appId,
  type SteamWebApi,
  steamWebApi,
  webApiKey,
} from '../../../../test/support/steam-web-api.ts'
import { createLog } from '../../../platform/log.ts'
import { completeProviderOptions } from './index.ts'

describe('Steam tickets', () => {
  let steam: SteamWebApi
  let home: IdentityGround
  let folder: string
  const lines: string[] = []
  beforeAll(async () => {
    steam = await steamWebApi()
    folder = await mkdtemp(join(tmpdir(), 'muster-steam-'))
    await writeFile(join(folder, 'wrong'), 'FFFF')
    const log = createLog({ level: 'trace', pretty: false }, { write: (line: string) => void lines.push(line) })
    home = await identityGround(
      {
        providers: {
          steam: optionsOf({}),
          strict: optionsOf({ identity: 'muster', familySharing: false }),
          lenient: optionsOf({ allowVacBanned: true, allowPublisherBanned: true, apiUrl: `${steam.url}/` }),
          keyless: optionsOf({ keyFile: join(folder, 'wrong') }),
          elsewhere: optionsOf({ appId: appId + 1 }),
          narrow: optionsOf({ callsMax: 2 }),
        },
      },
      {},
      { log },
    )
  })
  afterEach(() => steam.answer(null))
  afterAll(async () => {
    await home[Symbol.asyncDispose]()
    await steam[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const optionsOf = (given: object) => completeProviderOptions({ ...steam.options, ...given })
  const signIn = (token: unknown, through = 'steam') => home.ask(`POST /auth/providers/${through}`, { body: { token } })
  const verdict = async (token: unknown, through?: string) => {
    const { status, code } = await signIn(token, through)
    return [status, code]
  }
  const away = [503, 'PROVIDER_UNAVAILABLE']

  it('let in, in whatever case their digits are, the same player each time', async () => {
    const first = await signIn(steam.ticket('76561198000000001').toUpperCase())
    expect(first.status).toBe(201)
    const second = await signIn(steam.ticket('76561198000000001'))
    expect([second.status, second.body.user_id]).toEqual([200, first.body.user_id])
    const person = (await home.identity.peopleOf([first.body.user_id])).get(first.body.user_id)
    expect(person).toMatchObject({ guest: false, username: null, nick: expect.stringMatching(/^player\d{1,6}$/) })
  })
  it('are asked about as Steam’s documentation has it, with the key in a header', async () => {
    const ticket = steam.ticket('76561198000000002')
    await signIn(ticket)
    const last = steam.heard.at(-1)
    expect(Object.fromEntries(last?.url.searchParams ?? [])).toEqual({ appid: '480', ticket })
    expect(last?.headers['x-webapi-key']).toBe(webApiKey)
    await signIn(steam.ticket({ steamId: '76561198000000002', identity: 'muster' }), 'strict')
    expect(steam.heard.at(-1)?.url.searchParams.get('identity')).toBe('muster')
  })
  it('are refused where Steam refuses them', async () => {
    const refused = [401, 'INVALID_PROVIDER_TOKEN']
    expect(await verdict('ab'.repeat(100))).toEqual(refused)
    expect(await verdict(steam.ticket('76561198000000003'), 'elsewhere')).toEqual(refused)
    expect(await verdict(steam.ticket({ steamId: '76561198000000003', identity: 'others' }), 'strict')).toEqual(refused)
    for (const errorcode of [3, 100, 101, 102, 5_000]) {
      steam.answer({ body: JSON.stringify({ response: { error: { errorcode, errordesc: 'No' } } }) })
      expect(await verdict(steam.ticket('76561198000000003'))).toEqual(refused)
    }
    steam.answer({ body: JSON.stringify({ response: { params: { result: 'Fail' } } }) })
    expect(await verdict(steam.ticket('76561198000000003'))).toEqual(refused)
  })
  it('are not even sent to Steam where they cannot be tickets', async () => {
    const before = steam.heard.length
    const bad = [
      '',
      'xyz',
      'abc',
      'ab',
      'ab'.repeat(5_000),
      `${'ab'.repeat(50)}&key=1`,
      `ab${' '.repeat(40)}ab`,
      5,
      null,
    ]
    for (const token of bad) expect(await verdict(token)).toEqual([400, 'INVALID_REQUEST'])
    const code = { code: 'c', code_verifier: 'v'.repeat(43), redirect_uri: 'https://x.example' }
    expect((await home.ask('POST /auth/providers/steam', { body: code })).code).toBe('INVALID_REQUEST')
    const withNonce = { token: steam.ticket('76561198000000003'), nonce: 'n' }
    expect((await home.ask('POST /auth/providers/steam', { body: withNonce })).code).toBe('INVALID_REQUEST')
    expect(steam.heard).toHaveLength(before)
  })
  it('do not let in who is banned on Steam, unless told', async () => {
    for (const ban of [{ vacBanned: true }, { publisherBanned: true }]) {
      const ticket = steam.ticket({ steamId: '76561198000000004', ...ban })
      expect(await verdict(ticket)).toEqual([403, 'FORBIDDEN'])
      expect((await signIn(ticket, 'lenient')).status).toBeLessThan(300)
    }
  })
  it('of a shared copy lead to who plays, not to who owns, or nowhere', async () => {
    const ticket = steam.ticket({ steamId: '76561198000000005', ownerSteamId: '76561198000000001', identity: 'muster' })
    expect(await verdict(ticket, 'strict')).toEqual([403, 'FORBIDDEN'])
    const borrower = await signIn(ticket)
    expect(borrower.status).toBe(201)
    expect((await signIn(steam.ticket('76561198000000005'))).body.user_id).toBe(borrower.body.user_id)
    expect((await signIn(steam.ticket('76561198000000001'))).body.user_id).not.toBe(borrower.body.user_id)
  })
  it('are nobody’s fault where Steam, or our key, is at fault', async () => {
    const ticket = steam.ticket('76561198000000006')
    const bad = await signIn(ticket, 'keyless')
    expect([bad.status, bad.code, bad.headers['retry-after']]).toEqual([...away, '5'])
    const good = { result: 'OK', steamid: '76561198000000006', ownersteamid: '76561198000000006' }
    const all = { ...good, vacbanned: false, publisherbanned: false }
    const odd: Answered[] = [
      { status: 500, body: '{}' },
      { status: 503, body: 'Service Unavailable', headers: { 'retry-after': '3600' } },
      { status: 429, body: '' },
      { status: 400, body: '<html>Bad Request</html>' },
      { status: 204 },
      { status: 302, headers: { location: `${steam.url}/elsewhere` } },
      { body: '{"response": {"params": {"result": "OK"' },
      { body: 'null' },
      { body: '[]' },
      { body: '{"response": {}}' },
      { body: JSON.stringify({ response: { params: good } }) },
      { body: JSON.stringify({ response: { params: { ...all, steamid: 7656119 } } }) },
      { body: JSON.stringify({ response: { params: { ...all, steamid: '0' } } }) },
      { body: JSON.stringify({ response: { params: { ...all, ownersteamid: '' } } }) },
      { body: JSON.stringify({ response: { params: { ...all, vacbanned: 'false' } } }) },
      { body: JSON.stringify({ response: { params: all, padding: 'x'.repeat(100_000) } }) },
    ]
    for (const answer of odd) {
      steam.answer(answer)
      expect([answer, ...(await verdict(ticket))]).toEqual([answer, ...away])
    }
    steam.answer((response) => void response.destroy())
    expect(await verdict(ticket)).toEqual(away)
    steam.answer(null)
    expect((await signIn(ticket)).status).toBe(201)
  })
  it('do not wait for Steam for ever, nor in any number', async () => {
    const ticket = steam.ticket('76561198000000007')
    let release: () => void = () => undefined
    const arrived = new Promise<void>((resolve) => {
      release = resolve
    })
    let held = 0
    steam.answer(() => {
      if (++held === 2) release()
    })
    const waiting = [verdict(ticket, 'narrow'), verdict(ticket, 'narrow')]
    await arrived
    const third = await signIn(ticket, 'narrow')
    expect([third.status, third.code, third.headers['retry-after']]).toEqual([503, 'BUSY', '1'])
    expect((await home.guest()).user_id).toMatch(/^player_/)
    await home.ground.clock.advance(5_000)
    expect(await Promise.all(waiting)).toEqual([away, away])
    steam.answer(null)
    expect((await signIn(ticket, 'narrow')).status).toBe(201)
  })
  it('stop coming when the answer drips for ever', async () => {
    let begun: () => void = () => undefined
    const dripping = new Promise<void>((resolve) => {
      begun = resolve
    })
    steam.answer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{', () => begun())
    })
    const waiting = verdict(steam.ticket('76561198000000008'))
    await dripping
    await home.ground.clock.advance(5_000)
    expect(await waiting).toEqual(away)
  })
  it('and the key are never logged, nor kept', async () => {
    const ticket = steam.ticket('76561198000000009')
    await signIn(ticket)
    steam.answer({ status: 500 })
    await signIn(ticket)
    await signIn(ticket, 'keyless')
    home.ground.log.info('the log was heard')
    const said = lines.join('\n')
    expect(said).toContain('the log was heard')
    const kept = await home.everything()
    for (const secret of [ticket, webApiKey]) {
      expect(said).not.toContain(secret)
      expect(kept).not.toContain(secret)
    }
  })
})
