import type { PlayerId, SessionId } from '@muster/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ann,
  bob,
  type SessionsGround,
  type SessionsGroundOptions,
  sessionsGround,
} from '../../../test/support/sessions-ground.ts'
import { sqlSessionStore } from './sql/store.ts'
import { verifyTicket } from './tickets.ts'

describe('coming in', () => {
  let ground: SessionsGround
  const begin = async (options: SessionsGroundOptions = {}, capacity = 10) => {
    ground = await sessionsGround(options)
    ground.fleet.add({ capacity })
    return ground
  }
  afterEach(() => ground[Symbol.asyncDispose]())

  const ask = (id: SessionId, token: string | null) => ground.call('POST', `/sessions/${id}/ticket`, token)
  const asked = async (id: SessionId, player: PlayerId) => {
    const { status, body } = await ask(id, player)
    return `${status} ${body.code ?? 'ticket'}`
  }
  const verified = (id: SessionId, ticket: string) => {
    const server = ground.fleet.allocations.get(id)?.server
    if (server === undefined) throw new Error('no server')
    const key = ground.fleet.fleet.ticketKeyOf(server.id, server.instance)
    return verifyTicket(key, ticket, { server: server.id, session: id, now: ground.clock.now() })
  }
  const reserved = () => ground.fleet.servers.get('server-1')?.reserved

  it('gives a ticket that the server of the session takes', async () => {
    await begin()
    const id = await ground.loading()
    const { status, body } = await ask(id, ann)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      ...{ session_id: id, address: '127.0.0.1:7001', host: '127.0.0.1', port: 7_001, transport: 'websocket' },
      expires_at: '2026-01-01T00:01:00.000Z',
    })
    expect(verified(id, body.ticket)).toMatchObject({
      ok: true,
      claims: { iss: 'muster', aud: 'server-1', sid: id, sub: ann, nick: 'ann', team: 0, role: 'player', guest: false },
    })
    const again = await ask(id, ann)
    expect(again.body.ticket).not.toBe(body.ticket)
    await ground.clock.advance(60_000)
    expect(verified(id, body.ticket)).toEqual({ ok: false, reason: 'expired' })
  })

  it('[security 35] gives none before the server is ready, and says when to ask again', async () => {
    await begin()
    const id = await ground.open()
    for (const state of ['requested', 'preparing']) {
      expect(await ground.shown(id)).toMatch(state)
      const answer = await ask(id, ann)
      expect(answer).toMatchObject({ status: 409, body: { code: 'SESSION_STATE' } })
      expect(answer.headers['retry-after']).toBe('1')
      await ground.sessions.sweep()
    }
  })

  it('[security 35] gives none to who has no seat, nor after the end', async () => {
    await begin()
    const id = await ground.playing()
    expect(await asked(id, 'player_eve')).toBe('404 SESSION_NOT_FOUND')
    expect(await asked('session_none', ann)).toBe('404 SESSION_NOT_FOUND')
    expect((await ask(id, null)).status).toBe(401)
    expect((await ask(id, 'muster_sk_service')).status).toBe(403)
    expect((await ask('session_NONE', ann)).status).toBe(400)
    await ground.finish(id)
    expect(await asked(id, ann)).toBe('409 SESSION_ENDED')
  })

  it('refuses who has no business there without waiting for the session', async () => {
    const { db } = await begin()
    const id = await ground.open()
    await db.transact(async (tx) => {
      await sqlSessionStore().lock(tx, id)
      expect(await asked(id, 'player_eve')).toBe('404 SESSION_NOT_FOUND')
      expect(await asked(id, ann)).toBe('409 SESSION_STATE')
      expect((await ground.call('POST', `/sessions/${id}/leave`, 'player_eve')).status).toBe(404)
    })
  })

  it('gives only so many a minute', async () => {
    await begin({ options: { ticketsPerMinute: 3 } })
    const id = await ground.loading()
    for (let count = 0; count < 3; count++) expect(await asked(id, ann)).toBe('201 ticket')
    const refused = await ask(id, ann)
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(await asked(id, bob)).toBe('201 ticket')
    await ground.clock.advance(60_000)
    expect(await asked(id, ann)).toBe('201 ticket')
  })

  it('tells the player of a confirmed match all that is needed to come in', async () => {
    const { sessions } = await begin()
    const id = await ground.open([ann, bob], { region: 'eu' })
    expect(await sessions.admissionOf(id, ann)).toBeNull()
    await sessions.sweep()
    expect(await sessions.admissionOf(id, ann)).toBeNull()
    await ground.report(id, 'ready')
    expect(await sessions.admissionOf(id, ann)).toEqual({
      match: {
        ...{ match_id: 'match_1', session_id: id, mode: 'duel', address: '127.0.0.1:7001', host: '127.0.0.1' },
        ...{ port: 7_001, transport: 'websocket', region: 'eu' },
        ...{ factions: [[ann], [bob]], nicknames: { [ann]: 'ann', [bob]: 'bob' } },
      },
      ticket: expect.any(String),
      expires_at: '2026-01-01T00:01:00.000Z',
    })
    expect(await sessions.admissionOf(id, 'player_eve')).toBeNull()
    await ground.report(id, 'abandoned', { reason: 'x' })
    expect(await sessions.admissionOf(id, ann)).toBeNull()
  })

  it('writes an IPv6 address so that a port can follow it', async () => {
    const { fleet, sessions } = await begin({}, 0)
    fleet.add({ host: '2001:db8::1', port: 7_777 })
    const id = await ground.loading()
    expect((await ask(id, ann)).body.address).toBe('[2001:db8::1]:7777')
    expect((await sessions.admissionOf(id, ann))?.match.address).toBe('[2001:db8::1]:7777')
  })

  it('[law 7] gives back the slot of who missed the loading, when no ticket can bring them in any more', async () => {
    const { clock, sessions } = await begin({ mode: { playersMin: 1 } })
    const id = await ground.loading()
    await clock.advance(30_000)
    await ask(id, bob)
    await ground.report(id, 'players', { joined: [ann] })
    await ground.report(id, 'started')
    expect(await ground.shown(id)).toBe('in_progress joined absent')
    await clock.advance(69_999)
    await sessions.sweep()
    expect(reserved()).toBe(2)
    await clock.advance(1)
    await sessions.sweep()
    expect(reserved()).toBe(1)
  })

  it('takes the slot again for who comes late, and refuses where it is taken', async () => {
    const { clock, sessions, fleet } = await begin({ mode: { playersMin: 1 } }, 2)
    const id = await ground.loading()
    await ground.report(id, 'players', { joined: [ann] })
    await ground.report(id, 'started')
    await clock.advance(1)
    await sessions.sweep()
    expect(reserved()).toBe(1)
    const other = await ground.open(['player_cat'])
    await sessions.sweep()
    expect(reserved()).toBe(2)
    expect(await asked(id, bob)).toBe('409 SESSION_FULL')
    expect(await sessions.admissionOf(id, bob)).toBeNull()
    await ground.report(other, 'abandoned', { reason: 'x' })
    expect(await asked(id, bob)).toBe('201 ticket')
    expect(reserved()).toBe(2)
    await ground.report(id, 'players', { joined: [bob] })
    await clock.advance(200_000)
    await sessions.sweep()
    expect(reserved()).toBe(2)
    expect(fleet.allocations.get(id)?.slots).toBe(2)
  })

  it('keeps the slot of a dropped line for a grace, and longer while a ticket is out', async () => {
    const { clock, sessions } = await begin({ mode: { leaveGraceS: 100 } })
    const id = await ground.playing()
    await ground.report(id, 'players', { left: [ann, bob] })
    await clock.advance(99_000)
    expect(await asked(id, bob)).toBe('201 ticket')
    await sessions.sweep()
    expect(reserved()).toBe(2)
    await clock.advance(1_000)
    await sessions.sweep()
    expect(reserved()).toBe(1)
    await ground.report(id, 'players', { joined: [bob] })
    await clock.advance(100_000)
    await sessions.sweep()
    expect(reserved()).toBe(1)
    expect(await ground.shown(id)).toBe('in_progress left joined')
  })

  it('takes a slot for who comes in though the slot was given back', async () => {
    const { clock, sessions } = await begin({ mode: { playersMin: 1 } })
    const id = await ground.loading()
    await ground.report(id, 'players', { joined: [ann] })
    await ground.report(id, 'started')
    await clock.advance(1)
    await sessions.sweep()
    expect(reserved()).toBe(1)
    await ground.report(id, 'players', { joined: [bob] })
    expect(reserved()).toBe(2)
    expect(await ground.shown(id)).toBe('in_progress joined joined')
  })

  it('frees no slot where the server never says who came', async () => {
    const { clock, sessions } = await begin()
    const id = await ground.loading()
    await ground.report(id, 'started')
    await clock.advance(600_000)
    await sessions.sweep()
    expect(reserved()).toBe(2)
  })
})
