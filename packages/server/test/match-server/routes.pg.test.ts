import { once } from 'node:events'
import { createServer } from 'node:http'
import type { MatchConfig, PrepareMatch } from '@muster/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Answer, type OpenApiCaller, openApiCaller } from '../support/openapi-caller.ts'
import { type RunningTestServer, runningServer } from '../support/running-server.ts'

/** Takes PrepareMatch, whatever is in it. */
async function matchServer(answerOf: (order: PrepareMatch) => Promise<object> = async () => ({})) {
  const heard: unknown[] = []
  const http = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    heard.push(JSON.parse(body))
    response.end(JSON.stringify(await answerOf(JSON.parse(body))))
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    heard,
    address: `127.0.0.1:${(http.address() as { port: number }).port}`,
    async [Symbol.asyncDispose]() {
      http.close()
      http.closeAllConnections()
    },
  }
}

/** Every message, each answer held to the OpenAPI document. */
describe('POST /mms', () => {
  let server: RunningTestServer
  let api: OpenApiCaller
  let serverKey: string
  let operator: string

  const text = (answer: Answer, name: string): string => String(answer.body[name])

  beforeAll(async () => {
    server = await runningServer({
      modes: { arena: { server: { registered: true }, loadingTimeoutS: 30 } },
      boards: { arena: { rating: { system: 'elo' } } },
      queues: { arena: { mode: 'arena', teams: 2, teamSize: 1, board: 'arena', acceptTimeoutS: 15 } },
      dialects: {
        ...{
          matchServersAllowed: ['127.0.0.1:1024-65535', 'localhost:9003'],
          matchServerModes: ['arena'],
          offersMax: 2,
        },
        ...{ probeEveryS: 0.3, lookEveryMs: 100 },
      },
    })
    api = await openApiCaller(server.url)
    operator = text(await api.call('POST /auth/login', { body: server.firstOperator }), 'access_token')
    const key = { name: 'match servers', scopes: ['server'] }
    serverKey = text(await api.call('POST /keys', { token: operator, body: key }), 'secret')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('takes each message, and refuses it with an Error', async () => {
    await using ms = await matchServer()
    const callers = new Map<string, string>()
    const say = async (name: string, message: object) => {
      const answer = await api.call('POST /mms', { token: callers.get(name), body: message })
      return answer.status === 200 ? answer.body.type : [answer.status, answer.body.type, answer.body.code]
    }
    const signIn = async (name: string, message: object) => {
      const password = 'correct horse staple'
      const made = await api.call('POST /mms', { body: { ...message, username: `mms-${name}`, password } })
      callers.set(name, text(made, 'access_token'))
      return made.body.type
    }
    const error = (status: number, code: string) => [status, 'Error', code]
    const expires = new Date(Date.now() + 60_000).toISOString()
    const offer = { type: 'OfferMatchServer', address: [ms.address], expires }

    const got = await fetch(`${server.url}/mms`)
    expect([got.status, await got.json()]).toMatchObject([405, { type: 'Error', code: 'METHOD_NOT_ALLOWED' }])
    const strange = await api.call('POST /mms', { body: { type: 'Nonsense' } })
    expect(strange.body.errors).toEqual([
      { field: 'body.type', problem: expect.stringMatching(/^must be one of Register, Login, .*MatchComplete$/) },
    ])
    const short = await api.call('POST /mms', { body: { type: 'LookForMatch', modes: [], more: 1 } })
    expect((short.body.errors as unknown as { field: string }[]).map(({ field }) => field).sort()).toEqual([
      'body.modes',
      'body.more',
    ])
    expect(await say('nobody', { type: 'LookForMatch', modes: ['arena'] })).toEqual(error(401, 'UNAUTHENTICATED'))
    for (const name of ['gil', 'hal']) expect(await signIn(name, { type: 'Register' })).toBe('Registered')
    expect(await signIn('ms', { type: 'Register', serverUser: serverKey })).toBe('Registered')
    expect(await signIn('hal', { type: 'Login' })).toBe('LoggedIn')
    const stranger = { type: 'Register', username: 'mms-x', password: 'correct horse staple', serverUser: 'yes' }
    expect(await say('nobody', stranger)).toEqual(error(403, 'FORBIDDEN'))

    expect(await say('gil', offer)).toEqual(error(403, 'FORBIDDEN'))
    expect(await say('ms', { ...offer, address: ['10.0.0.1:9000'] })).toEqual(error(403, 'ADDRESS_NOT_ALLOWED'))
    expect(await say('ms', { ...offer, expires: 'tomorrow' })).toEqual(error(400, 'INVALID_REQUEST'))
    expect(await say('ms', offer)).toBe('MatchServerOffered')

    const look = { type: 'LookForMatch', modes: ['arena'] }
    expect(await say('gil', { ...look, modes: ['none'] })).toEqual(error(404, 'QUEUE_NOT_FOUND'))
    const until = (name: string, type: string) =>
      eventually(`${name} hears ${type}`, async () => {
        const answer = await api.call('POST /mms', { token: callers.get(name), body: look })
        return answer.body.type === type && answer
      })
    for (const name of ['gil', 'hal']) expect(await say(name, look)).toBe('LookingForMatch')
    for (const name of ['gil', 'hal']) await until(name, 'MatchFound')
    expect(await say('gil', { type: 'DeclineMatch' })).toBe('MatchDeclined')
    expect(await say('gil', look)).toBe('LookingForMatch')
    for (const name of ['gil', 'hal']) await until(name, 'MatchFound')
    expect(await say('hal', { type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
    expect(await say('hal', { type: 'AcceptMatch' })).toEqual(error(409, 'MATCH_EXPIRED'))
    expect(await say('hal', look)).toBe('LookingForMatch')
    for (const name of ['gil', 'hal']) await until(name, 'MatchFound')
    for (const name of ['gil', 'hal']) expect(await say(name, { type: 'AcceptMatch' })).toBe('MatchFound')
    const { matchConfig } = (await until('gil', 'MatchConfirmed')).body as unknown as { matchConfig: MatchConfig }
    await until('hal', 'MatchConfirmed')
    expect(ms.heard[0]).toMatchObject({ type: 'PrepareMatch', matchConfig: { matchId: matchConfig.matchId } })

    const teams = matchConfig.players.map((player, at) => ({ players: [player], rank: at + 1 }))
    const complete = { type: 'MatchComplete', MatchData: { matchId: matchConfig.matchId, teams } }
    expect(await say('gil', complete)).toEqual(error(403, 'FORBIDDEN'))
    expect(await say('ms', { ...complete, MatchData: { matchId: 'match_0', teams } })).toEqual(
      error(404, 'MATCH_NOT_FOUND'),
    )
    const unfitting = {
      ...complete,
      MatchData: { matchId: matchConfig.matchId, teams: [{ players: ['player_0'], rank: 1 }] },
    }
    const unfit = await api.call('POST /mms', { token: callers.get('ms'), body: unfitting })
    expect(unfit).toMatchObject({ status: 422, body: { errors: [{ field: 'body.MatchData.teams.0.players' }] } })
    expect(unfit.body.detail).toMatch(/^body\.MatchData\.teams\.0\.players names player_0/)
    expect(await say('ms', complete)).toBe('MatchComplete')
    expect(await say('ms', complete)).toBe('MatchComplete')
    await eventually('gil hears how it ended', async () => {
      const said: unknown = await say('gil', { type: 'AcceptMatch' })
      return said === 'MatchComplete'
    })
    expect(await say('gil', { type: 'AcceptMatch', matchId: matchConfig.matchId })).toBe('MatchComplete')
    expect(await say('gil', { type: 'AcceptMatch', matchId: 'match_0' })).toEqual(error(404, 'MATCH_NOT_FOUND'))
    expect(await say('ms', { type: 'RevokeMatchServer' })).toBe('MatchServerRevoked')
    expect(await say('ms', { type: 'RevokeMatchServer', address: [ms.address] })).toEqual(
      error(404, 'SERVER_NOT_FOUND'),
    )
    expect(await say('gil', { type: 'Logout' })).toBe('LoggedOut')
  })

  it('frees the players of a match whose server began anew, and one who leaves the match', async () => {
    await using ms = await matchServer()
    const password = 'correct horse staple'
    const signIn = async (username: string, more: object = {}) => {
      const made = await api.call('POST /mms', { body: { type: 'Register', username, password, ...more } })
      return text(made, 'access_token')
    }
    const say = (token: string, message: object) => api.call('POST /mms', { token, body: message })
    const server = await signIn('mms-anew', { serverUser: serverKey })
    const expires = new Date(Date.now() + 60_000).toISOString()
    const offer = { type: 'OfferMatchServer', address: [ms.address], expires, restarted: true }
    expect((await say(server, offer)).status).toBe(200)
    const players = [await signIn('mms-ivy'), await signIn('mms-jon')]
    const look = { type: 'LookForMatch', modes: ['arena'] }
    const until = (token: string, type: string, message: object) =>
      eventually(`somebody hears ${type}`, async () => {
        const answer = await say(token, message)
        return answer.body.type === type && answer
      })
    const confirm = async () => {
      for (const token of players) await say(token, look)
      for (const token of players) await until(token, 'MatchFound', look)
      for (const token of players) await say(token, { type: 'AcceptMatch' })
      const answers = await Promise.all(players.map((token) => until(token, 'MatchConfirmed', { type: 'AcceptMatch' })))
      const [config] = answers.map(({ body }) => (body as unknown as { matchConfig: MatchConfig }).matchConfig)
      return config as MatchConfig
    }

    const first = await confirm()
    expect((await say(server, { ...offer, restarted: false })).status).toBe(200)
    const [ivy, jon] = players as [string, string]
    expect((await say(ivy, { type: 'AcceptMatch' })).body.type).toBe('MatchConfirmed')
    expect((await say(server, offer)).status).toBe(200)
    const told = await until(ivy, 'MatchComplete', { type: 'AcceptMatch' })
    expect(told.body.MatchData).toEqual({ matchId: first.matchId, abandoned: 'server_lost' })

    const { matchId } = await confirm()
    expect(matchId).not.toBe(first.matchId)
    expect((await say(ivy, { type: 'RevokeFromMatch' })).body.code).toBe('ALREADY_PLAYING')
    expect((await say(server, { type: 'RevokeFromMatch', matchId })).body.code).toBe('MATCH_NOT_FOUND')
    // Said again, it is answered as before.
    for (let time = 0; time < 2; time++) {
      expect((await say(ivy, { type: 'RevokeFromMatch', matchId })).body.type).toBe('RevokedFromMatch')
    }
    expect((await say(ivy, look)).body.type).toBe('LookingForMatch')
    expect((await say(ivy, { type: 'RevokeFromMatch' })).body.type).toBe('RevokedFromMatch')
    expect((await say(jon, { type: 'AcceptMatch' })).body.type).toBe('MatchConfirmed')
    expect((await say(server, { type: 'MatchComplete', MatchData: { matchId, abandoned: 'over' } })).status).toBe(200)
    expect((await say(server, { type: 'RevokeMatchServer' })).status).toBe(200)
  })

  it('[security 35] takes no result of a match that was not prepared, or to which nobody came', async () => {
    const password = 'correct horse staple'
    const signIn = async (username: string, more: object = {}) => {
      const made = await api.call('POST /mms', { body: { type: 'Register', username, password, ...more } })
      return text(made, 'access_token')
    }
    const say = async (token: string, message: object) => {
      const { body } = await api.call('POST /mms', { token, body: message })
      return body.code ?? body.type
    }
    const server = await signIn('mms-hasty', { serverUser: serverKey })
    const completing = ({ matchId, players }: PrepareMatch['matchConfig']) => ({
      type: 'MatchComplete',
      MatchData: { matchId, teams: players.map((player, at) => ({ players: [player], rank: at + 1 })) },
    })
    const tooEarly: unknown[] = []
    const orders: PrepareMatch['matchConfig'][] = []
    await using ms = await matchServer(async ({ matchConfig }) => {
      tooEarly.push(await say(server, completing(matchConfig)))
      orders.push(matchConfig)
      return { reports: true }
    })
    const expires = new Date(Date.now() + 60_000).toISOString()
    expect(await say(server, { type: 'OfferMatchServer', address: [ms.address], expires })).toBe('MatchServerOffered')
    const players = [await signIn('mms-kay'), await signIn('mms-lou')]
    for (const token of players) await say(token, { type: 'LookForMatch', modes: ['arena'] })
    const until = (token: string, type: string) =>
      eventually(`somebody hears ${type}`, async () => (await say(token, { type: 'AcceptMatch' })) === type)
    for (const token of players) await until(token, 'MatchFound')
    for (const token of players) await until(token, 'MatchConfirmed')
    expect(tooEarly).toEqual(['SESSION_STATE'])
    const [order] = orders as [PrepareMatch['matchConfig']]
    expect(await say(server, completing(order))).toBe('SESSION_STATE')
    const report = (what: string, body: object) =>
      api.call(`POST /sessions/${order.sessionId}/${what}`, { token: order.reportToken, body })
    expect((await report('started', {})).status).toBe(200)
    expect(await say(server, completing(order))).toBe('INVALID_RESULT')
    expect((await report('result', { teams: completing(order).MatchData.teams })).body.code).toBe('INVALID_RESULT')
    expect((await report('players', { joined: [order.players[0]] })).status).toBe(200)
    expect(await say(server, completing(order))).toBe('MatchComplete')
    expect(await say(server, { type: 'RevokeMatchServer' })).toBe('MatchServerRevoked')
  })

  it('keeps a match server within what an operator allows', async () => {
    const password = 'correct horse staple'
    const account = { type: 'Register', username: 'mms-limits', password, serverUser: serverKey }
    const token = text(await api.call('POST /mms', { body: account }), 'access_token')
    const expires = new Date(Date.now() + 60_000).toISOString()
    const offer = async (address: string[], more: object = {}) => {
      const { body } = await api.call('POST /mms', {
        token,
        body: { type: 'OfferMatchServer', address, expires, ...more },
      })
      return body.code ?? body.type
    }
    const [one, two, three] = [9_001, 9_002, 9_003].map((port) => `127.0.0.1:${port}`) as [string, string, string]
    expect(await offer([one], { modes: ['other'] })).toBe('FORBIDDEN')
    expect(await offer([one], { modes: ['arena', 'arena'] })).toBe('INVALID_REQUEST')
    expect(await offer([one], { modes: ['arena'] })).toBe('MatchServerOffered')
    expect(await offer([two, three])).toBe('SERVERS_FULL')
    expect(await offer([two, one])).toBe('MatchServerOffered')
    expect(await offer([three])).toBe('SERVERS_FULL')
    expect(await offer(['localhost:9001'])).toBe('ADDRESS_NOT_ALLOWED')
    expect(await offer(['localhost:9003', three])).toBe('SERVER_ID_TAKEN')
    const revoked = await api.call('POST /mms', { token, body: { type: 'RevokeMatchServer' } })
    expect(revoked.body.address).toEqual([one, two])
  })

  it('forgets a match server whose account is erased', async () => {
    await using ms = await matchServer()
    const password = 'correct horse staple'
    const account = { type: 'Register', username: 'mms-erased', password, serverUser: serverKey }
    const made = await api.call('POST /mms', { body: account })
    const token = text(made, 'access_token')
    const expires = new Date(Date.now() + 60_000).toISOString()
    await api.call('POST /mms', { token, body: { type: 'OfferMatchServer', address: [ms.address], expires } })
    const exported = await api.call('GET /players/me/export', { token })
    expect(exported.body.dialects).toEqual({ offers: [{ address: ms.address, expires }] })
    expect((await api.call('DELETE /players/me', { token })).status).toBe(204)
    await eventually('its server is gone', async () => {
      const { servers } = (await api.call('GET /servers', { token: operator })).body as unknown as {
        servers: { name: string }[]
      }
      return servers.every(({ name }) => name !== ms.address)
    })
  })
})
