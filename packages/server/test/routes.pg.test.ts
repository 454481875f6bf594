import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assignmentIn } from './support/assignment.ts'
import { callGames } from './support/game-calls.ts'
import { idleServer } from './support/idle-server.ts'
import { type Answer, code, type OpenApiCaller, openApiCaller, text } from './support/openapi-caller.ts'
import { missingCalls, refuseEverywhere } from './support/route-coverage.ts'
import { type RunningTestServer, runningServer } from './support/running-server.ts'
import { type SteamWebApi, steamWebApi } from './support/steam-web-api.ts'

/** Every route of the whole server, each answer held to the OpenAPI document. */
describe('every route', () => {
  let server: RunningTestServer
  let api: OpenApiCaller
  let operator: string
  let steam: SteamWebApi
  const keys: Record<string, string> = {}
  const tokens: Record<string, { access_token: string; refresh_token: string; user_id: string }> = {}

  beforeAll(async () => {
    steam = await steamWebApi()
    server = await runningServer({
      identity: {
        providers: { steam: steam.options, acme: { kind: 'oidc', issuer: 'http://127.0.0.1:1', clientId: 'game' } },
      },
      modes: {
        arena: { server: { registered: true }, loadingTimeoutS: 30 },
        friends: { server: { launch: idleServer([45_200, 45_249]) }, private: {} },
      },
      boards: { arena: { rating: { system: 'elo' } } },
      queues: { arena: { mode: 'arena', teams: 2, teamSize: 1, board: 'arena', acceptTimeoutS: 15 } },
    })
    api = await openApiCaller(server.url)
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await steam[Symbol.asyncDispose]()
  })

  it('prints the first operator once, who signs in and makes keys', async () => {
    expect(server.firstOperator?.password.length).toBeGreaterThanOrEqual(16)
    operator = text(await api.call('POST /auth/login', { body: server.firstOperator }), 'access_token')
    for (const scope of ['server', 'service', 'operator']) {
      const made = await api.call('POST /keys', { token: operator, body: { name: scope, scopes: [scope] } })
      expect(made.status).toBe(201)
      keys[scope] = text(made, 'secret')
    }
    expect(code(await api.call('POST /keys', { token: operator, body: { name: '', scopes: ['root'] } }))).toEqual([
      400,
      'INVALID_REQUEST',
    ])
    expect((await api.call('GET /keys', { token: keys.operator })).status).toBe(200)
    const spare = await api.call('POST /keys', { token: operator, body: { name: 'spare', scopes: ['server'] } })
    expect((await api.call(`DELETE /keys/${text(spare, 'id')}`, { token: operator })).status).toBe(204)
    expect(code(await api.call('DELETE /keys/key_0', { token: operator }))).toEqual([404, 'KEY_NOT_FOUND'])
    expect(code(await api.call('DELETE /keys/nonsense', { token: operator }))).toEqual([400, 'INVALID_REQUEST'])
  })

  it('registers, signs in, renews, changes and ends', async () => {
    for (const username of ['ann', 'bob', 'cat']) {
      const made = await api.call('POST /auth/register', { body: { username, password: 'correct horse staple' } })
      expect(made.status).toBe(201)
      tokens[username] = made.body as never
    }
    expect(
      code(await api.call('POST /auth/register', { body: { username: 'ANN', password: 'correct horse' } })),
    ).toEqual([409, 'USERNAME_TAKEN'])
    const wrong = await api.call('POST /auth/register', { body: { username: 'x', password: 'short', admin: true } })
    expect((wrong.body.errors as unknown as { field: string }[]).map(({ field }) => field).sort()).toEqual([
      'body.admin',
      'body.password',
      'body.username',
    ])
    const login = (body: object) => api.call('POST /auth/login', { body })
    expect(code(await login({ username: 'ann', password: 'wrong horse' }))).toEqual([401, 'INVALID_CREDENTIALS'])
    expect(code(await login({ username: 'ann' }))).toEqual([400, 'INVALID_REQUEST'])
    const again = await login({ username: 'ann', password: 'correct horse staple' })

    const guest = await api.call('POST /auth/guest', { body: { username: 'rook' } })
    expect(code(await api.call('POST /auth/guest', { body: { username: '#' } }))).toEqual([400, 'INVALID_REQUEST'])
    const upgrade = (token: string, username: string) =>
      api.call('POST /auth/upgrade', { token, body: { username, password: 'correct horse staple' } })
    expect(code(await upgrade(text(guest, 'access_token'), 'x'))).toEqual([400, 'INVALID_REQUEST'])
    expect(code(await upgrade(text(guest, 'access_token'), 'ann'))).toEqual([409, 'USERNAME_TAKEN'])
    const upgraded = await upgrade(text(guest, 'access_token'), 'rook')
    expect(upgraded.body.user_id).toBe(guest.body.user_id)
    expect(code(await upgrade(text(upgraded, 'access_token'), 'rook2'))).toEqual([409, 'NOT_A_GUEST'])

    const refresh = (refresh_token: unknown) => api.call('POST /auth/refresh', { body: { refresh_token } })
    const renewed = await refresh(again.body.refresh_token)
    expect(renewed.status).toBe(200)
    expect(code(await refresh('nonsense'))).toEqual([401, 'UNAUTHENTICATED'])
    expect(code(await refresh(5))).toEqual([400, 'INVALID_REQUEST'])

    const change = (body: object) => api.call('POST /auth/password', { token: text(renewed, 'access_token'), body })
    expect(code(await change({ current_password: 'no', new_password: 'another good phrase' }))).toEqual([
      401,
      'INVALID_CREDENTIALS',
    ])
    expect(code(await change({ current_password: 'no' }))).toEqual([400, 'INVALID_REQUEST'])
    const changed = await change({ current_password: 'correct horse staple', new_password: 'another good phrase' })
    expect(changed.status).toBe(200)
    expect(code(await api.call('GET /players/me', { token: tokens.ann?.access_token }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ])
    tokens.ann = changed.body as never

    const spare = await login({ username: 'ann', password: 'another good phrase' })
    expect((await api.call('POST /auth/logout', { body: { refresh_token: spare.body.refresh_token } })).status).toBe(
      204,
    )
    expect(code(await api.call('POST /auth/logout', { body: {} }))).toEqual([400, 'INVALID_REQUEST'])
    expect((await api.call('POST /auth/logout-all', { token: text(upgraded, 'access_token') })).status).toBe(204)
    expect(code(await api.call('POST /auth/logout-all', { token: text(upgraded, 'access_token') }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ])
    expect((await api.call('GET /.well-known/jwks.json')).body.keys).not.toHaveLength(0)
  })

  it('lets in whom an outside provider vouches for', async () => {
    const signIn = (token: string, provider = 'steam') =>
      api.call(`POST /auth/providers/${provider}`, { body: { token } })
    const first = await signIn(steam.ticket('76561198000000001'))
    expect(first.status).toBe(201)
    const again = await signIn(steam.ticket('76561198000000001'))
    expect([again.status, again.body.user_id]).toEqual([200, first.body.user_id])
    expect(code(await signIn('ab'.repeat(99)))).toEqual([401, 'INVALID_PROVIDER_TOKEN'])
    expect(code(await signIn('nonsense'))).toEqual([400, 'INVALID_REQUEST'])
    expect(code(await signIn('x', '__proto__'))).toEqual([404, 'PROVIDER_NOT_FOUND'])
    expect(code(await signIn('a.b.c', 'acme'))).toEqual([503, 'PROVIDER_UNAVAILABLE'])

    const guest = text(await api.call('POST /auth/guest', { body: {} }), 'access_token')
    const link = (token: string, ticket: unknown) =>
      api.call('POST /auth/link/steam', { token, body: { token: ticket } })
    expect(code(await link(guest, steam.ticket('76561198000000001')))).toEqual([409, 'LINK_TAKEN'])
    expect(code(await link(guest, 5))).toEqual([400, 'INVALID_REQUEST'])
    const linked = text(await link(guest, steam.ticket('76561198000000002')), 'access_token')
    expect((await api.call('GET /auth/links', { token: linked })).body.links).toMatchObject([{ provider: 'steam' }])
    const unlink = (provider: string) => api.call(`DELETE /auth/link/${provider}`, { token: linked })
    expect(code(await unlink('steam'))).toEqual([409, 'LAST_WAY_IN'])
    expect(code(await unlink('x'.repeat(65)))).toEqual([400, 'INVALID_REQUEST'])
    const account = { username: 'linked', password: 'correct horse staple' }
    await api.call('POST /auth/upgrade', { token: linked, body: account })
    expect((await unlink('steam')).status).toBe(204)
  })

  it('keeps profiles and what players store', async () => {
    const token = tokens.bob?.access_token
    expect((await api.call('GET /players/me', { token })).body).toMatchObject({ username: 'bob', guest: false })
    expect((await api.call('PATCH /players/me', { token, body: { nick: 'Bobby' } })).body.nick).toBe('Bobby')
    expect(code(await api.call('PATCH /players/me', { token, body: {} }))).toEqual([400, 'INVALID_REQUEST'])
    expect((await api.call('GET /players/me/export', { token })).status).toBe(200)
    expect((await api.call(`GET /players/${tokens.ann?.user_id}`, { token })).body.nick).toBe('ann')
    expect(code(await api.call('GET /players/player_0', { token }))).toEqual([404, 'PLAYER_NOT_FOUND'])
    expect(code(await api.call('GET /players/someone', { token }))).toEqual([400, 'INVALID_REQUEST'])

    const at = '/players/me/storage/decks/first'
    const put = (body: unknown, headers = {}) => api.call(`PUT ${at}`, { token, body, headers })
    const written = await put({ cards: [1, 2] })
    expect(written.status).toBe(201)
    const etag = written.headers.get('etag') ?? ''
    expect((await put({ cards: [3] }, { 'if-match': etag })).status).toBe(200)
    expect(code(await put({ cards: [4] }, { 'if-match': etag }))).toEqual([412, 'VERSION_CONFLICT'])
    expect((await api.call(`GET ${at}`, { token })).body.value).toEqual({ cards: [3] })
    expect((await api.call('GET /players/me/storage/decks', { token })).body.objects).toHaveLength(1)
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const bad = await api.call(`${method} /players/me/storage/decks/not%20good`, {
        token,
        body: method === 'PUT' ? 1 : undefined,
      })
      expect(code(bad)).toEqual([400, 'INVALID_REQUEST'])
    }
    expect(code(await api.call('GET /players/me/storage/not%20good', { token }))).toEqual([400, 'INVALID_REQUEST'])
    expect((await api.call(`DELETE ${at}`, { token })).status).toBe(204)
    expect(code(await api.call(`GET ${at}`, { token }))).toEqual([404, 'OBJECT_NOT_FOUND'])
    expect(code(await api.call(`DELETE ${at}`, { token }))).toEqual([404, 'OBJECT_NOT_FOUND'])
  })

  const arena = {
    id: 'arena-1',
    name: 'Arena',
    address: '127.0.0.1',
    ports: { game: 7777 },
    capacity: 8,
    modes: ['arena'],
  }
  const beat = (body: object, id = 'arena-1') =>
    api.call(`POST /servers/${id}/heartbeat`, { token: keys.server, body: { current_players: 0, load: 0, ...body } })

  const assignment = () => assignmentIn(async () => (await beat({ wait_s: 5 })).body.assign)

  it('takes in a game server', async () => {
    expect(code(await api.call('POST /servers', { token: keys.server, body: { ...arena, capacity: 0 } }))).toEqual([
      400,
      'INVALID_REQUEST',
    ])
    const registered = await api.call('POST /servers', { token: keys.server, body: arena })
    expect([registered.status, registered.body.heartbeat_interval_s, registered.body.ttl_s]).toEqual([201, 15, 30])
    expect((await beat({})).body).toEqual({ assign: [], kick: [], drain: false })
    expect(code(await beat({}, 'nobody'))).toEqual([404, 'SERVER_NOT_FOUND'])
    expect(code(await beat({ load: -1 }))).toEqual([400, 'INVALID_REQUEST'])
    expect((await api.call('GET /servers?mode=arena', { token: keys.service })).body.servers).toHaveLength(1)
    expect(code(await api.call('GET /servers?limit=0', { token: keys.service }))).toEqual([400, 'INVALID_REQUEST'])
    expect((await api.call('GET /servers/arena-1', { token: keys.operator })).body.capacity).toBe(8)
    expect(code(await api.call('GET /servers/nobody', { token: keys.operator }))).toEqual([404, 'SERVER_NOT_FOUND'])
    expect(code(await api.call('GET /servers/not%20good', { token: keys.operator }))).toEqual([400, 'INVALID_REQUEST'])
  })

  it('matches two players, runs their session and keeps the result', async () => {
    const as = (name: string) => tokens[name]?.access_token
    expect((await api.call('GET /queues')).body.queues).toHaveLength(1)
    const join = (name: string, body: object = { queues: ['arena'] }) =>
      api.call('POST /matchmaking/entries', { token: as(name), body })
    expect(code(await join('ann', { queues: [] }))).toEqual([400, 'INVALID_REQUEST'])
    expect(code(await join('ann', { queues: ['none'] }))).toEqual([404, 'QUEUE_NOT_FOUND'])
    expect(code(await api.call('GET /matchmaking/entries/me', { token: as('ann') }))).toEqual([404, 'ENTRY_NOT_FOUND'])
    expect((await join('cat')).status).toBe(201)
    expect(code(await join('cat'))).toEqual([409, 'ALREADY_SEARCHING'])
    const me = '/matchmaking/entries/me'
    expect(code(await api.call(`GET ${me}?wait_s=999`, { token: as('cat') }))).toEqual([400, 'INVALID_REQUEST'])
    expect((await api.call(`DELETE ${me}`, { token: as('cat') })).status).toBe(204)
    expect(code(await api.call(`DELETE ${me}`, { token: as('cat') }))).toEqual([404, 'ENTRY_NOT_FOUND'])

    const found = async (names: string[]) => {
      for (const name of names) expect((await join(name)).status).toBe(201)
      return Promise.all(names.map((name) => reach(name, 'match_found')))
    }
    const reach = async (name: string, status: string): Promise<Answer> => {
      for (let tries = 0; tries < 20; tries++) {
        const entry = await api.call(`GET ${me}?wait_s=5`, { token: as(name) })
        if (entry.body.status === status) return entry
      }
      throw new Error(`${name} never came to ${status}.`)
    }
    const answer = (name: string, match: string, what: string) =>
      api.call(`POST /matchmaking/matches/${match}/${what}`, { token: as(name) })
    const matchOf = (entry: Answer) => (entry.body.match as unknown as { match_id: string }).match_id

    const [offered] = await found(['bob', 'cat'])
    const declined = matchOf(offered as Answer)
    expect(code(await answer('ann', declined, 'accept'))).toEqual([404, 'MATCH_NOT_FOUND'])
    expect(code(await answer('ann', declined, 'decline'))).toEqual([404, 'MATCH_NOT_FOUND'])
    expect(code(await answer('bob', 'nonsense', 'accept'))).toEqual([400, 'INVALID_REQUEST'])
    expect(code(await answer('bob', 'nonsense', 'decline'))).toEqual([400, 'INVALID_REQUEST'])
    expect((await answer('cat', declined, 'decline')).status).toBe(200)
    expect(code(await answer('bob', declined, 'accept'))).toEqual([409, 'MATCH_EXPIRED'])

    await join('ann')
    const match = matchOf(await reach('ann', 'match_found'))
    for (const name of ['ann', 'bob']) expect((await answer(name, match, 'accept')).status).toBe(200)

    const assigned = await assignment()
    const session = assigned.session_id
    const report = (what: string, body?: object, token = assigned.report_token) =>
      api.call(`POST /sessions/${session}/${what}`, { token, body })

    expect(code(await report('started', {}))).toEqual([409, 'SESSION_STATE'])
    expect(code(await report('ready', { port: 0 }))).toEqual([400, 'INVALID_REQUEST'])
    expect((await report('ready', {})).status).toBe(200)
    expect((await report('ready', {})).status).toBe(200)
    const confirmed = await reach('ann', 'match_confirmed')
    expect(confirmed.body.match).toMatchObject({ session_id: session, address: '127.0.0.1:7777' })
    expect(text(confirmed, 'ticket').split('.')).toHaveLength(3)

    const seat = (name: string) => tokens[name]?.user_id ?? ''
    expect((await api.call(`GET /sessions/${session}`, { token: as('ann') })).body.state).toBe('loading')
    expect(code(await api.call(`GET /sessions/${session}`, { token: as('cat') }))).toEqual([404, 'SESSION_NOT_FOUND'])
    expect(code(await api.call('GET /sessions/nonsense', { token: as('ann') }))).toEqual([400, 'INVALID_REQUEST'])
    expect((await api.call(`POST /sessions/${session}/ticket`, { token: as('bob') })).status).toBe(201)
    expect(code(await api.call(`POST /sessions/${session}/ticket`, { token: as('cat') }))).toEqual([
      404,
      'SESSION_NOT_FOUND',
    ])
    expect(code(await api.call('POST /sessions/nonsense/ticket', { token: as('ann') }))).toEqual([
      400,
      'INVALID_REQUEST',
    ])

    expect((await report('players', { joined: [seat('ann'), seat('bob')] })).status).toBe(200)
    expect(code(await report('players', { joined: ['x'] }))).toEqual([400, 'INVALID_REQUEST'])
    expect(code(await report('started', { settings: 5 }))).toEqual([400, 'INVALID_REQUEST'])
    expect((await report('started', { settings: { map: 'tower' } })).body.state).toBe('in_progress')

    const result = {
      teams: [
        { players: [seat('bob')], rank: 1 },
        { players: [seat('ann')], rank: 2 },
      ],
    }
    expect(code(await report('result', { teams: [] }))).toEqual([400, 'INVALID_REQUEST'])
    expect(code(await report('result', { teams: result.teams.slice(1) }))).toEqual([422, 'INVALID_RESULT'])
    expect((await report('result', result)).body.state).toBe('completed')
    expect((await report('result', result)).status).toBe(200)
    expect(code(await report('abandoned', { reason: 'late' }))).toEqual([409, 'SESSION_ENDED'])
    expect(code(await report('abandoned', {}))).toEqual([400, 'INVALID_REQUEST'])
    expect(code(await report('players', { left: [seat('ann')] }))).toEqual([409, 'SESSION_ENDED'])
    expect(code(await report('ready', {}))).toEqual([409, 'SESSION_ENDED'])
    expect(code(await api.call(`POST /sessions/${session}/leave`, { token: as('ann') }))).toEqual([
      409,
      'SESSION_ENDED',
    ])
    expect(code(await api.call('POST /sessions/nonsense/leave', { token: as('ann') }))).toEqual([
      400,
      'INVALID_REQUEST',
    ])

    const results = await api.call(`GET /results?player=${seat('ann')}`, { token: as('ann') })
    expect(results.body.results).toHaveLength(1)
    expect(code(await api.call('GET /results?limit=0', { token: as('ann') }))).toEqual([400, 'INVALID_REQUEST'])
    const board = await api.call('GET /leaderboards/arena?around=me', { token: as('ann') })
    expect(
      (board.body.rows as unknown as { nick: string; place: number }[]).map(({ nick, place }) => [nick, place]),
    ).toEqual([
      ['Bobby', 1],
      ['ann', 2],
    ])
    expect(code(await api.call('GET /leaderboards/none'))).toEqual([404, 'BOARD_NOT_FOUND'])
    expect(code(await api.call('GET /leaderboards/arena?limit=x'))).toEqual([400, 'INVALID_REQUEST'])
  })

  it('lets a player leave a session, and a server give one up', async () => {
    const as = (name: string) => tokens[name]?.access_token
    for (const name of ['ann', 'bob']) {
      await api.call('POST /matchmaking/entries', { token: as(name), body: { queues: ['arena'] } })
    }
    for (const name of ['ann', 'bob']) {
      let entry = await api.call('GET /matchmaking/entries/me?wait_s=5', { token: as(name) })
      while (entry.body.status === 'searching') {
        entry = await api.call('GET /matchmaking/entries/me?wait_s=5', { token: as(name) })
      }
      const { match_id } = entry.body.offer as unknown as { match_id: string }
      await api.call(`POST /matchmaking/matches/${match_id}/accept`, { token: as(name) })
    }
    const { session_id: session, report_token: token } = await assignment()
    const ids = ['ann', 'bob'].map((name) => tokens[name]?.user_id)
    await api.call(`POST /sessions/${session}/ready`, { token, body: {} })
    await api.call(`POST /sessions/${session}/players`, { token, body: { joined: ids } })
    await api.call(`POST /sessions/${session}/started`, { token, body: {} })
    expect((await api.call(`POST /sessions/${session}/leave`, { token: as('ann') })).status).toBe(204)
    expect(
      (await api.call(`POST /sessions/${session}/abandoned`, { token, body: { reason: 'The arena burnt down.' } }))
        .body,
    ).toEqual({
      state: 'abandoned',
    })
  })

  it('gathers friends by a passcode', () => callGames(api, tokens.bob?.access_token ?? ''))

  it('drains and lets go of a server', async () => {
    const call = (line: string, token = keys.server) => api.call(line, { token })
    expect((await call('POST /servers/arena-1/drain')).status).toBe(204)
    expect(code(await call('POST /servers/nobody/drain'))).toEqual([404, 'SERVER_NOT_FOUND'])
    expect(code(await call('POST /servers/not%20good/drain'))).toEqual([400, 'INVALID_REQUEST'])
    expect(code(await call('DELETE /servers/not%20good'))).toEqual([400, 'INVALID_REQUEST'])
    await api.call('POST /servers', { token: keys.server, body: { ...arena, id: 'arena-2' } })
    expect((await call('DELETE /servers/arena-2')).status).toBe(204)
    expect(code(await call('DELETE /servers/arena-2'))).toEqual([404, 'SERVER_NOT_FOUND'])
  })

  it('speaks the match server dialect', async () => {
    const register = { type: 'Register', username: 'mms-ann', password: 'correct horse staple' }
    expect((await api.call('POST /mms', { body: register })).body.type).toBe('Registered')
    const unknown = await api.call('POST /mms', { body: { ...register, type: 'Nonsense' } })
    expect([...code(unknown), unknown.body.type]).toEqual([400, 'INVALID_REQUEST', 'Error'])
    const stranger = { type: 'LookForMatch', modes: ['arena'] }
    expect(code(await api.call('POST /mms', { body: stranger }))).toEqual([401, 'UNAUTHENTICATED'])
  })

  it('erases a player', async () => {
    expect((await api.call('DELETE /players/me', { token: tokens.cat?.access_token })).status).toBe(204)
    expect(code(await api.call('GET /players/me', { token: tokens.cat?.access_token }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ])
    expect(code(await api.call(`GET /players/${tokens.cat?.user_id}`, { token: tokens.ann?.access_token }))).toEqual([
      404,
      'PLAYER_NOT_FOUND',
    ])
  })

  it('refuses strangers and the wrong role everywhere', async () => {
    const tokenOf = { player: tokens.ann?.access_token, server: keys.server }
    await refuseEverywhere(api, tokenOf)
  })

  it('says how it is, without being asked who asks', async () => {
    expect((await api.call('GET /')).body).toMatchObject({ name: 'Muster', calls: '/openapi.json' })
    expect((await api.call('GET /healthz')).body).toEqual({ status: 'ok' })
    expect((await api.call('GET /readyz')).body).toEqual({ status: 'ready', database: 'ok', soft_state: 'ok' })
    expect(String((await api.call('GET /metrics')).body)).toContain('muster_http_request_seconds')
    expect((await api.call('GET /openapi.json')).body).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/' }] })
    expect(api.document.paths['/ws']?.get?.responses).toHaveProperty(['101'])
  })

  it('was called well, refused and with bad input, as far as it takes any', () => {
    expect(missingCalls(api)).toEqual([])
  })
})
