import type { PlayerId, SessionId } from '@muster/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ann,
  bob,
  type SessionsGround,
  type SessionsGroundOptions,
  sessionsGround,
} from '../../../test/support/sessions-ground.ts'

describe('leaving for good', () => {
  let ground: SessionsGround
  const begin = async (options: SessionsGroundOptions = {}) => {
    ground = await sessionsGround(options)
    ground.fleet.add({ capacity: 10 })
    return ground
  }
  afterEach(() => ground[Symbol.asyncDispose]())

  const leave = async (id: SessionId, player: PlayerId | null) => {
    const { status, body } = await ground.call('POST', `/sessions/${id}/leave`, player)
    return body === null ? `${status}` : `${status} ${body.code}`
  }
  const reserved = () => ground.fleet.servers.get('server-1')?.reserved

  it('frees the player, while the seat stays part of the result', async () => {
    const { clock, fleet, places, sessions } = await begin()
    const id = await ground.playing()
    for (const _ of [1, 2]) expect(await leave(id, ann)).toBe('204')
    expect(places.of(ann)).toBe('nowhere')
    expect(places.of(bob)).toBe(`session ${id}`)
    expect(await ground.shown(id)).toBe('in_progress left joined')
    expect(fleet.kicks).toEqual([{ session: id, player: ann, reason: 'left' }])
    await clock.advance(600_000)
    await sessions.sweep()
    expect(reserved()).toBe(2)
    await ground.report(id, 'players', { left: [ann] })
    await sessions.sweep()
    expect(reserved()).toBe(1)
    expect(await ground.finish(id)).toMatchObject({
      session: { players: [{ player: ann, state: 'left', gaveUpAt: expect.any(Number) }, { player: bob }] },
    })
    expect(await leave(id, ann)).toBe('204')
  })

  it('leaves the player free to be elsewhere when the session ends', async () => {
    const { places } = await begin()
    const id = await ground.playing()
    await leave(id, ann)
    places.put(ann, { kind: 'entry', id: 'e7' })
    await ground.report(id, 'abandoned', { reason: 'x' })
    expect(places.of(ann)).toBe('entry e7')
  })

  it.each(['requested', 'preparing', 'loading'])(
    'cancels at once while %s where the rest are too few',
    async (state) => {
      const { places, sessions } = await begin()
      const id = state === 'loading' ? await ground.loading() : await ground.open()
      if (state === 'preparing') await sessions.sweep()
      expect(await ground.shown(id)).toMatch(state)
      expect(await leave(id, ann)).toBe('204')
      expect((await ground.view(id)).reason).toBe('too_few_came')
      expect(places.of(ann)).toBe('nowhere')
      expect(places.of(bob)).toBe(`entry entry_${bob}`)
      expect(reserved()).toBe(0)
      expect((await ground.view(id)).seats.map(({ gaveUpAt }) => gaveUpAt !== null)).toEqual([true, false])
    },
  )

  it('goes on with the rest where they are enough', async () => {
    const { sessions } = await begin({ mode: { playersMin: 1 } })
    const id = await ground.open()
    await leave(id, ann)
    await sessions.sweep()
    expect(reserved()).toBe(1)
    await ground.report(id, 'ready')
    expect(await ground.report(id, 'players', { joined: [bob] })).toBe('200 in_progress')
  })

  it('shows out who still comes in by an old ticket', async () => {
    const { fleet } = await begin()
    const id = await ground.playing()
    await ground.report(id, 'players', { left: [ann] })
    await leave(id, ann)
    await ground.report(id, 'players', { joined: [ann] })
    expect(fleet.kicks.length).toBe(2)
    expect(await ground.shown(id)).toBe('in_progress left joined')
  })

  it('gives no ticket to who left', async () => {
    await begin()
    const id = await ground.playing()
    await leave(id, ann)
    const answer = await ground.call('POST', `/sessions/${id}/ticket`, ann)
    expect(answer).toMatchObject({ status: 409, body: { code: 'SESSION_STATE' } })
  })

  it('is refused to strangers, and after the end', async () => {
    await begin()
    const id = await ground.playing()
    expect(await leave(id, 'player_eve')).toBe('404 SESSION_NOT_FOUND')
    expect(await leave(id, null)).toBe('401 UNAUTHENTICATED')
    expect(await leave('session_X', ann)).toBe('400 INVALID_REQUEST')
    await ground.finish(id)
    expect(await leave(id, ann)).toBe('409 SESSION_ENDED')
  })
})
