import type { PlayerId } from '@muster/protocol'
import Value from 'typebox/value'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ModuleGround, moduleGround } from '../../../test/support/module-ground.ts'
import type { Caller } from '../../platform/http/route.ts'
import { fleetOptions } from '../fleet/config.ts'
import { createFleet, fleetMigrations } from '../fleet/index.ts'
import { createPlaces } from '../presence/places.ts'
import { presenceMigrations, sqlPresenceStore } from '../presence/store.ts'
import { createSessions, sessionModeOptions, sessionsMigrations, sessionsOptions } from './index.ts'
import { verifyTicket } from './tickets.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'

describe('sessions with the real fleet and the real places', () => {
  let ground: ModuleGround
  let sessions: ReturnType<typeof createSessions>
  let places: ReturnType<typeof createPlaces>
  let call: (url: string, token: string, body?: unknown) => Promise<{ status: number; body: never }>

  beforeEach(async () => {
    ground = await moduleGround({ ...presenceMigrations, ...fleetMigrations, ...sessionsMigrations })
    places = createPlaces(ground.db, ground.clock, sqlPresenceStore())
    const fleet = createFleet(
      {
        ...ground,
        ...{ dataDir: '/nonexistent', apiUrl: () => 'http://127.0.0.1', environment: {} },
        ...{ hasMode: () => true, launchSourceOf: () => null },
      },
      { ...(Value.Default(fleetOptions, {}) as object), beatGatherMs: 0 } as never,
    )
    const options = { ...(Value.Default(sessionsOptions, {}) as object), ticketGatherMs: 0, outageGraceS: 0 }
    sessions = createSessions({ ...ground, fleet, places, sourcesOf: () => ({ registered: true, launched: false }) }, {
      ...options,
      modes: { duel: Value.Default(sessionModeOptions, {}) },
    } as never)
    const app = await ground.serve([...fleet.routes, ...sessions.routes], {
      ...fleet.authenticators,
      key: async (): Promise<Caller> => ({ kind: 'key', key: 'key_1', scopes: ['server', 'service'] }),
      player: async (player): Promise<Caller> => ({
        ...{
          kind: 'player',
          player: player as PlayerId,
          nick: player,
          guest: false,
          login: 'login_1',
          operator: false,
        },
      }),
    })
    call = async (url, token, body) => {
      const payload = body === undefined ? {} : { payload: body as object }
      const answer = await app.inject({
        method: body === undefined && url === '/servers' ? 'GET' : 'POST',
        url,
        headers: { authorization: `Bearer ${token}` },
        ...payload,
      })
      return { status: answer.statusCode, body: (answer.body === '' ? null : JSON.parse(answer.body)) as never }
    }
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  const register = (capacity: number) =>
    call('/servers', 'muster_sk_1', {
      ...{ id: 'host-1', name: 'Host', address: '192.0.2.1', ports: { game: 7_000 }, capacity, modes: ['duel'] },
    })
  const beat = async () => {
    const { body } = await call('/servers/host-1/heartbeat', 'muster_sk_1', { current_players: 0, load: 0 })
    return body as { assign: { session_id: string; report_token: string }[]; kick: { reason: string }[] }
  }
  const open = async (players: PlayerId[]) => {
    const origin = (player: PlayerId) => ({ kind: 'entry', id: `entry_${player}` }) as const
    return ground.db.transact(async (tx) => {
      await places.claim(
        tx,
        players.map((player) => ({ player, place: origin(player) })),
      )
      return sessions.open(tx, {
        ...{ match: `match_${players.join('')}`, kind: 'match', mode: 'duel', region: null, board: null },
        players: players.map((player, team) => ({ player, nick: player, guest: false, team, origin: origin(player) })),
      })
    })
  }
  const placeOf = async (player: PlayerId) => (await places.of([player])).get(player)?.id
  const reserved = async () => {
    const listed = await call('/servers', 'muster_sk_1')
    expect(listed).toMatchObject({ status: 200 })
    const { servers } = listed.body as { servers: { reserved: number }[] }
    return servers.map((server) => server.reserved)
  }

  it('lead from a registered server to a ticket that it takes, and to the end', async () => {
    const registered = (await register(4)).body as { ticket_key: string }
    const id = await open([ann, bob])
    expect(await placeOf(ann)).toBe(id)
    await sessions.sweep()
    const { assign } = await beat()
    expect(assign).toMatchObject([{ session_id: id, mode: 'duel', max_players: 2 }])
    const token = assign[0]?.report_token ?? ''
    expect((await call(`/sessions/${id}/ticket`, ann)).status).toBe(409)
    expect(await call(`/sessions/${id}/ready`, token)).toMatchObject({ status: 200, body: { state: 'loading' } })
    expect((await beat()).assign).toEqual([])
    const { ticket, address } = (await call(`/sessions/${id}/ticket`, ann)).body as { ticket: string; address: string }
    expect(address).toBe('192.0.2.1:7000')
    const check = { server: 'host-1', session: id, now: ground.clock.now() }
    expect(verifyTicket(Buffer.from(registered.ticket_key, 'hex'), ticket, check)).toMatchObject({ ok: true })
    await call(`/sessions/${id}/players`, token, { joined: [ann, bob], seq: 1 })
    expect(await reserved()).toEqual([2])
    expect((await ground.db.transact((tx) => sessions.finish(tx, id))).kind).toBe('finished')
    expect(await reserved()).toEqual([0])
    expect(await placeOf(ann)).toBeUndefined()
    expect((await beat()).kick).toMatchObject([{ reason: 'completed' }])
    expect(await call(`/sessions/${id}/started`, token)).toMatchObject({ status: 409, body: { code: 'SESSION_ENDED' } })
  })

  it('give players back when the server leaves', async () => {
    await register(2)
    const id = await open([ann, bob])
    await sessions.sweep()
    // The server starts anew: what ran on it is lost.
    await register(2)
    await sessions.sweep()
    expect((await sessions.viewOf([id])).get(id)).toMatchObject({
      ...{ state: 'cancelled', reason: 'server_failed', detail: 'The game server restarted.' },
    })
    expect(await placeOf(ann)).toBe(`entry_${ann}`)
    expect(await reserved()).toEqual([0])
  })

  it('hold the capacity and every place with many coming and going at once', async () => {
    await register(9)
    const pairs = Array.from({ length: 12 }, (_, pair): PlayerId[] => [`player_a${pair}`, `player_b${pair}`])
    const ids = await Promise.all(pairs.map(open))
    await Promise.all([sessions.sweep(), sessions.sweep(), sessions.sweep()])
    const running = async () => {
      const views = [...(await sessions.viewOf(ids)).values()]
      return views.filter(({ state }) => state === 'preparing' || state === 'loading').length
    }
    expect(await running()).toBe(4)
    expect(await reserved()).toEqual([8])
    const { assign } = await beat()
    await Promise.all(
      assign.flatMap(({ session_id, report_token }) => [
        call(`/sessions/${session_id}/ready`, report_token),
        call(`/sessions/${session_id}/abandoned`, report_token, { reason: 'full of bugs' }),
        sessions.sweep(),
      ]),
    )
    expect(await running()).toBe(4)
    await ground.clock.advance(6_000)
    await beat()
    await sessions.sweep()
    const views = [...(await sessions.viewOf(ids)).values()]
    expect(views.filter(({ reason }) => reason === 'full of bugs').length).toBe(4)
    expect(views.filter(({ reason }) => reason === 'no_server').length).toBe(4)
    for (const { id, state, seats } of views) {
      for (const { player } of seats) expect(await placeOf(player)).toBe(state === 'cancelled' ? `entry_${player}` : id)
    }
  })
})
