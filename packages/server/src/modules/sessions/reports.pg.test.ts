import type { SessionId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ann, bob, type SessionsGround, sessionsGround } from '../../../test/support/sessions-ground.ts'

describe('what a server reports', () => {
  let ground: SessionsGround
  beforeEach(async () => {
    ground = await sessionsGround()
    ground.fleet.add({ capacity: 4 })
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  const lateOf = async (id: SessionId) =>
    (await ground.call('GET', `/sessions/${id}`, 'operator')).body.late_reports as { kind: string; body: unknown }[]

  it('leads a session from preparing to its end, each report as often as it likes', async () => {
    const id = await ground.open()
    await ground.sessions.sweep()
    for (const _ of [1, 2]) expect(await ground.report(id, 'ready', { port: 9_999 })).toBe('200 loading')
    for (const _ of [1, 2]) expect(await ground.report(id, 'players', { joined: [ann] })).toBe('200 loading')
    for (const _ of [1, 2])
      expect(await ground.report(id, 'started', { settings: { level: 2 } })).toBe('200 in_progress')
    expect(await ground.report(id, 'ready')).toBe('200 in_progress')
    for (const _ of [1, 2]) expect(await ground.report(id, 'players', { left: [ann] })).toBe('200 in_progress')
    for (const _ of [1, 2]) expect(await ground.report(id, 'abandoned', { reason: 'crash' })).toBe('200 abandoned')
    expect(await ground.shown(id)).toBe('abandoned crash left absent')
    expect(ground.fleet.releases).toEqual([{ session: id, why: 'reported' }])
    expect(ground.fleet.allocations.get(id)?.port).toBe(9_999)
    expect(await lateOf(id)).toEqual([])
  })

  it('takes bodies that are empty, or not there', async () => {
    const id = await ground.open()
    await ground.sessions.sweep()
    expect(await ground.report(id, 'ready', {})).toBe('200 loading')
    expect(await ground.report(id, 'started')).toBe('200 in_progress')
  })

  it('begins play when all have come', async () => {
    const id = await ground.loading()
    expect(await ground.report(id, 'players', { joined: [ann] })).toBe('200 loading')
    expect(await ground.report(id, 'players', { joined: [bob] })).toBe('200 in_progress')
    expect(await ground.report(id, 'started', { settings: { level: 2 } })).toBe('200 in_progress')
    expect(await ground.shown(id)).toBe('in_progress joined joined')
  })

  it('takes a server at its word that play has begun, and supposes nobody missing where it never says who came', async () => {
    const id = await ground.loading()
    expect(await ground.report(id, 'started')).toBe('200 in_progress')
    expect(await ground.shown(id)).toBe('in_progress expected expected')
    expect(await ground.report(id, 'players', { joined: [ann] })).toBe('200 in_progress')
    expect(await ground.shown(id)).toBe('in_progress joined absent')
    expect(await ground.report(id, 'players', { joined: [bob] })).toBe('200 in_progress')
    expect(await ground.shown(id)).toBe('in_progress joined joined')
  })

  it('reads that somebody came and went in one report', async () => {
    const id = await ground.loading()
    await ground.report(id, 'players', { joined: [ann], left: [ann] })
    expect(await ground.shown(id)).toBe('loading left expected')
    expect((await ground.view(id)).seats[0]?.joinedAt).not.toBeNull()
  })

  it('does not let an older report undo a newer one', async () => {
    const id = await ground.loading()
    await ground.report(id, 'players', { joined: [ann], seq: 1 })
    await ground.report(id, 'players', { left: [ann], seq: 2 })
    await ground.report(id, 'players', { joined: [ann], seq: 3 })
    expect(await ground.report(id, 'players', { left: [ann], seq: 2 })).toBe('200 loading')
    expect(await ground.shown(id)).toBe('loading joined expected')
  })

  it('[security 35] refuses what comes too early', async () => {
    const id = await ground.open()
    expect(await ground.report(id, 'ready')).toBe('409 SESSION_STATE')
    await ground.sessions.sweep()
    expect(await ground.report(id, 'started')).toBe('409 SESSION_STATE')
    expect(await ground.report(id, 'players', { joined: [ann] })).toBe('409 SESSION_STATE')
    expect(await ground.shown(id)).toBe('preparing expected expected')
    expect(await ground.finish(id)).toEqual({ kind: 'too_early', state: 'preparing' })
  })

  it('[security 36] refuses players who have no seat, naming them, and changes nothing', async () => {
    const id = await ground.loading()
    const answer = await ground.call('POST', `/sessions/${id}/players`, `muster_rt_${id}`, {
      joined: [ann, 'player_eve'],
    })
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', errors: [{ field: 'player_eve' }] } })
    expect(await ground.shown(id)).toBe('loading expected expected')
  })

  it.each([
    ['ready', { port: 0 }],
    ['ready', { port: '7000' }],
    ['ready', { ports: 1 }],
    ['started', { settings: 'hard' }],
    ['players', { joined: ['bob'] }],
    ['players', { joined: [ann, ann] }],
    ['players', { seq: 0 }],
    ['players', undefined],
    ['abandoned', {}],
    ['abandoned', { reason: '' }],
    ['abandoned', { reason: 'x'.repeat(201) }],
  ])('refuses a malformed report: %s %j', async (what, body) => {
    const id = await ground.loading()
    expect(await ground.report(id, what, body)).toBe('400 INVALID_REQUEST')
    expect(await ground.shown(id)).toBe('loading expected expected')
  })

  it('[security 36] takes reports only with the token of that very session', async () => {
    const id = await ground.loading()
    const other = await ground.loading(['player_cat', 'player_dan'])
    const by = async (token: string | null) =>
      (await ground.call('POST', `/sessions/${id}/abandoned`, token, { reason: 'x' })).status
    expect(await by(null)).toBe(401)
    expect(await by(ann)).toBe(403)
    expect(await by('muster_sk_service')).toBe(403)
    expect(await by(`muster_rt_${other}`)).toBe(403)
    expect(await ground.report('session_none', 'ready')).toBe('404 SESSION_NOT_FOUND')
    expect(await ground.shown(id)).toBe('loading expected expected')
  })

  it('[law 13] keeps late news marked as late, and nothing revives', async () => {
    const id = await ground.playing()
    await ground.report(id, 'abandoned', { reason: 'crash' })
    expect(await ground.report(id, 'ready')).toBe('409 SESSION_ENDED')
    expect(await ground.report(id, 'started', { settings: { level: 1 } })).toBe('409 SESSION_ENDED')
    expect(await ground.report(id, 'players', { left: [ann] })).toBe('409 SESSION_ENDED')
    expect(await ground.report(id, 'abandoned', { reason: 'other words' })).toBe('409 SESSION_ENDED')
    expect(await ground.finish(id)).toEqual({ kind: 'already', state: 'abandoned', reason: 'crash' })
    expect(await ground.shown(id)).toBe('abandoned crash joined joined')
    expect((await lateOf(id)).map(({ kind }) => kind)).toEqual(['ready', 'started', 'players', 'abandoned'])
  })

  it('[security 36] keeps only so much late news', async () => {
    const id = await ground.playing()
    await ground.report(id, 'abandoned', { reason: 'crash' })
    for (let again = 0; again < 20; again++) await ground.report(id, 'started')
    expect((await lateOf(id)).length).toBe(16)
  })

  it('cancels where the server gives up before play, and the players go back', async () => {
    const id = await ground.loading()
    expect(await ground.report(id, 'abandoned', { reason: 'no such map' })).toBe('200 cancelled')
    expect(await ground.shown(id)).toBe('cancelled no such map expected expected')
    expect(ground.places.of(ann)).toBe(`entry entry_${ann}`)
  })

  it('is finished by a result, once', async () => {
    const id = await ground.playing()
    expect(await ground.finish(id)).toMatchObject({
      kind: 'finished',
      session: {
        ...{ id, kind: 'match', match: 'match_1', mode: 'duel', board: 'duel', server: 'server-1', told: true },
        players: [
          { player: ann, team: 0, state: 'joined', erased: false },
          { player: bob, team: 1, state: 'joined', erased: false },
        ],
      },
    })
    expect(await ground.finish(id)).toEqual({ kind: 'already', state: 'completed', reason: null })
    expect(await ground.finish('session_none')).toEqual({ kind: 'unknown' })
    expect(await ground.report(id, 'abandoned', { reason: 'crash' })).toBe('409 SESSION_ENDED')
    for (const player of [ann, bob]) expect(ground.places.of(player)).toBe('nowhere')
  })

  it('is not finished where the result comes to nothing', async () => {
    const id = await ground.playing()
    const failed = new Error('planted')
    const applied = ground.db.transact(async (tx) => {
      await ground.sessions.finish(tx, id)
      throw failed
    })
    await expect(applied).rejects.toBe(failed)
    expect(await ground.shown(id)).toBe('in_progress joined joined')
    expect(ground.places.of(ann)).toBe(`session ${id}`)
    expect(ground.fleet.releases).toEqual([])
  })
})
