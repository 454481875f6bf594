import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FleetGround, fleetGround } from '../../../test/support/fleet-ground.ts'

const server = { id: 'a', name: 'Arena', address: '10.0.0.1', ports: { game: 7_000 }, capacity: 4, modes: ['duel'] }
const beat = { current_players: 1, load: 0.2 }

describe('the routes of the fleet', () => {
  let ground: FleetGround
  let call: FleetGround['call']
  beforeEach(async () => {
    ground = await fleetGround()
    call = ground.call
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  const register = (over: object = {}, as = 'server') => call(as, 'POST', '/servers', { ...server, ...over })

  describe('POST /servers', () => {
    it('registers, and hands out the key that tickets verify with', async () => {
      const { status, body } = await register()
      expect(status).toBe(201)
      expect(body).toMatchObject({ id: 'a', heartbeat_interval_s: 15, ttl_s: 30 })
      const { instance } = (await ground.reserve('session_1'))!
      expect(body.ticket_key).toBe(ground.fleet.ticketKeyOf('a', instance).toString('hex'))
      expect(body.ticket_key).toMatch(/^[0-9a-f]{64}$/)
    })

    it('says which modes it offers that there are not', async () => {
      expect((await register({ modes: ['duel', 'nosuchmode'] })).body.unknown_modes).toEqual(['nosuchmode'])
      expect((await register({ modes: ['duel'] })).body).not.toHaveProperty('unknown_modes')
    })

    // Found by seed 370 of the simulation: the server had heard the first answer, and refused everybody from then on.
    it('leaves a server whose registration arrives twice with the ticket key it was told; sessions before are lost', async () => {
      const first = await register()
      await ground.reserve('session_1')
      const second = await register()
      expect(second.status).toBe(201)
      expect(second.body.ticket_key).toBe(first.body.ticket_key)
      const { instance } = (await ground.reserve('session_2'))!
      expect(ground.fleet.ticketKeyOf('a', instance).toString('hex')).toBe(first.body.ticket_key)
      expect(await ground.view('session_1')).toMatchObject({ state: 'gone', cause: 'restarted' })
    })

    it('gives other keys to another id, and to the same id registered with another API key', async () => {
      const one = await register()
      const other = await register({ id: 'b' })
      await call('server', 'DELETE', '/servers/a')
      const later = await register({}, 'server2')
      expect(new Set([one, other, later].map(({ body }) => body.ticket_key)).size).toBe(3)
    })

    it('refuses an id that a live server of another key holds', async () => {
      await register()
      expect(await register({}, 'server2')).toMatchObject({ status: 409, body: { code: 'SERVER_ID_TAKEN' } })
      await call('server', 'DELETE', '/servers/a')
      expect((await register({}, 'server2')).status).toBe(201)
    })

    it.each([
      ['no port for players', { ports: { query: 1, game2: 2 } }, 'body.ports'],
      ['no ports', { ports: {} }, 'body.ports'],
      ['a port by no name', { ports: { 'a b': 1 } }, 'body.ports.a b'],
      ['a label by no name', { labels: { 'a b': 'x' } }, 'body.labels.a b'],
      ['a capacity of nothing', { capacity: 0 }, 'body.capacity'],
      ['an id with a space', { id: 'a b' }, 'body.id'],
      ['an unknown field', { colour: 'red' }, 'body.colour'],
      ['a name that cannot be printed', { name: 'a\u0000b' }, 'body.name'],
      ['a map beyond all numbers', { maps: [1e300] }, 'body.maps.0'],
      ['a label that cannot be printed', { labels: { a: '\u0000' } }, 'body.labels.a'],
    ])('refuses %s, and registers nothing', async (_, over, field) => {
      const { status, body } = await register(over)
      expect([status, body.code]).toEqual([400, 'INVALID_REQUEST'])
      expect(body.errors.map((one: { field: string }) => one.field)).toContain(field)
      expect((await call('service', 'GET', '/servers')).body.servers).toEqual([])
    })

    it.each([
      ['', 401],
      ['service', 403],
      ['operator', 403],
      ['player', 403],
    ])('is not for %s', async (as, status) => {
      expect((await register({}, as)).status).toBe(status)
    })
  })

  describe('POST /servers/:id/heartbeat', () => {
    it('answers with what there is to do', async () => {
      await register()
      await ground.reserve('session_1')
      const { status, body } = await call('server', 'POST', '/servers/a/heartbeat', beat)
      expect(status).toBe(200)
      expect(body).toEqual({
        assign: [
          {
            session_id: 'session_1',
            report_token: ground.fleet.reportTokenOf('session_1'),
            mode: 'duel',
            max_players: 2,
            match: { match_id: 'match_1' },
          },
        ],
        kick: [],
        drain: false,
      })
    })

    it('tells a server that came back which of the sessions it names are lost, for as long as it names them', async () => {
      await register()
      await ground.reserve('session_1')
      await register()
      await ground.reserve('session_2')
      const sessions = ['session_1', 'session_2', 'session_none'].map((id) => ({ session_id: id, players: [] }))
      const kicked = async (seen: object[]) =>
        (await call('server', 'POST', '/servers/a/heartbeat', { ...beat, sessions: seen })).body.kick
      const strays = [
        { session_id: 'session_none', reason: 'unknown' },
        { session_id: 'session_1', reason: 'restarted' },
      ]
      expect(await kicked(sessions)).toEqual(strays)
      expect(await kicked(sessions)).toEqual(strays)
      expect(await kicked(sessions.slice(1, 2))).toEqual([])
      await ground.db.transact((tx) => ground.fleet.release(tx, 'session_2', 'cancelled'))
      expect(await kicked(sessions.slice(1, 2))).toEqual([{ session_id: 'session_2', reason: 'cancelled' }])
    })

    it('tells an unknown server to register, and another’s key to keep away', async () => {
      expect(await call('server', 'POST', '/servers/a/heartbeat', beat)).toMatchObject({
        ...{ status: 404, body: { code: 'SERVER_NOT_FOUND' } },
      })
      await register()
      expect(await call('server2', 'POST', '/servers/a/heartbeat', beat)).toMatchObject({
        ...{ status: 403, body: { code: 'FORBIDDEN' } },
      })
      expect((await call('service', 'GET', '/servers/a')).body.current_players).toBe(0)
    })

    it('refuses bad input', async () => {
      await register()
      const { status, body } = await call('server', 'POST', '/servers/a/heartbeat', { load: -1, wait_s: 31 })
      expect(status).toBe(400)
      const fields = body.errors.map((one: { field: string }) => one.field)
      expect(fields).toEqual(expect.arrayContaining(['body.current_players', 'body.load', 'body.wait_s']))
    })
  })

  describe('DELETE /servers/:id', () => {
    it('ends the server and its sessions', async () => {
      await register()
      await ground.reserve('session_1')
      expect((await call('server', 'DELETE', '/servers/a')).status).toBe(204)
      expect(await ground.view('session_1')).toMatchObject({ state: 'gone', cause: 'left' })
      expect((await call('server', 'DELETE', '/servers/a')).status).toBe(404)
    })

    it('is for its own key and for operators', async () => {
      await register()
      expect((await call('server2', 'DELETE', '/servers/a')).status).toBe(403)
      expect((await call('service', 'DELETE', '/servers/a')).status).toBe(403)
      expect((await call('operator', 'DELETE', '/servers/a')).status).toBe(204)
      await register()
      expect((await call('player', 'DELETE', '/servers/a')).status).toBe(204)
    })

    it('refuses an id that cannot be one', async () => {
      expect((await call('server', 'DELETE', '/servers/%20')).status).toBe(400)
    })
  })

  describe('POST /servers/:id/drain', () => {
    it('gives the server no new sessions and tells it so', async () => {
      await register()
      await ground.reserve('session_1')
      expect((await call('operator', 'POST', '/servers/a/drain')).status).toBe(204)
      expect(await ground.reserve('session_2')).toBeNull()
      expect((await call('server', 'POST', '/servers/a/heartbeat', beat)).body.drain).toBe(true)
      expect(await ground.view('session_1')).toMatchObject({ state: 'draining' })
    })

    it('refuses strangers and unknown servers', async () => {
      await register()
      expect((await call('server2', 'POST', '/servers/a/drain')).status).toBe(403)
      expect((await call('server', 'POST', '/servers/b/drain')).status).toBe(404)
      expect((await call('server', 'POST', '/servers/%20/drain')).status).toBe(400)
    })
  })

  describe('GET /servers', () => {
    it('lists live servers page by page', async () => {
      for (const id of ['a', 'b', 'c']) await register({ id })
      const first = await call('service', 'GET', '/servers?limit=2')
      expect(first.body.servers.map((one: { id: string }) => one.id)).toEqual(['a', 'b'])
      expect(first.body.next).toBe('b')
      const second = await call('operator', 'GET', '/servers?limit=2&after=b')
      expect(second.body).toMatchObject({ servers: [{ id: 'c', state: 'ready', reserved: 0 }], next: null })
    })

    it('filters by map, mode, region and labels', async () => {
      await register({ id: 'a', labels: { build: '7', tier: 'own' } })
      await register({ id: 'b', modes: [], maps: [1, 2], region: 'eu', labels: { build: '7', constructor: 'x' } })
      const ids = async (query: string) => {
        const { status, body } = await call('service', 'GET', `/servers?${query}`)
        expect(status).toBe(200)
        return body.servers.map((one: { id: string }) => one.id)
      }
      expect(await ids('map=2')).toEqual(['b'])
      expect(await ids('mode=duel')).toEqual(['a'])
      expect(await ids('region=eu')).toEqual(['b'])
      expect(await ids('label=build=7')).toEqual(['a', 'b'])
      expect(await ids('label=build=7&label=tier=own')).toEqual(['a'])
      expect(await ids('label=constructor=x')).toEqual(['b'])
    })

    it('shows what went only to who asks for it', async () => {
      await register()
      await call('server', 'DELETE', '/servers/a')
      expect((await call('service', 'GET', '/servers')).body.servers).toEqual([])
      expect((await call('service', 'GET', '/servers/a')).status).toBe(404)
      const { body } = await call('service', 'GET', '/servers?gone=true')
      expect(body.servers).toMatchObject([{ id: 'a', state: 'gone', gone: { cause: 'left', detail: null } }])
    })

    it.each(['map=x', 'limit=0', 'label=x', 'colour=red', 'label=a=1&label=a=2'])('refuses %s', async (query) => {
      expect(await call('service', 'GET', `/servers?${query}`)).toMatchObject({
        ...{ status: 400, body: { code: 'INVALID_REQUEST' } },
      })
    })

    it('is not for game servers', async () => {
      expect((await call('server', 'GET', '/servers')).status).toBe(403)
      expect((await call('server', 'GET', '/servers/a')).status).toBe(403)
    })
  })

  it('GET /servers/:id shows one', async () => {
    await register({ region: 'eu', labels: { build: '7' } })
    await ground.reserve('session_1')
    const { status, body } = await call('service', 'GET', '/servers/a')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      ...{ ...server, region: 'eu', labels: { build: '7' }, state: 'allocated', launched: false, reserved: 2 },
      registered_at: '2026-01-01T00:00:00.000Z',
    })
    expect(await call('service', 'GET', '/servers/b')).toMatchObject({
      status: 404,
      body: { code: 'SERVER_NOT_FOUND' },
    })
    expect((await call('service', 'GET', '/servers/%20')).status).toBe(400)
  })

  it('knows a report token by itself', async () => {
    const { report } = ground.fleet.authenticators
    const token = ground.fleet.reportTokenOf('session_1')
    expect(await report(token)).toEqual({ kind: 'report', session: 'session_1' })
    expect(await report(token.replace('_1_', '_2_'))).toBeNull()
    expect(await report(`${token.slice(0, -2)}AA`)).toBeNull()
    expect(await report('muster_rt_1_x')).toBeNull()
  })
})
