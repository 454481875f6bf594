import type { KeyId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FleetGround, fleetGround } from '../../../test/support/fleet-ground.ts'
import type { Registration } from './domain.ts'

const key: KeyId = 'key_1'
const offer: Registration = {
  ...{ id: 'offer-1', name: '10.0.0.1:7000', address: '10.0.0.1', ports: { game: 7_000 }, capacity: 10 },
  ...{ sessionsMax: 1, region: null, modes: ['duel'], maps: [], labels: {} },
}

describe('offered servers', () => {
  let ground: FleetGround
  beforeEach(async () => {
    ground = await fleetGround({ ttlS: 30 })
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  const open = (over: Partial<Registration> = {}, instance = 'run_1', as = key) =>
    ground.db.transact((tx) => ground.fleet.offered.open(tx, as, instance, { ...offer, ...over }))
  const standing = async () =>
    (await ground.db.once((tx) => ground.fleet.offered.standingsOf(tx, ['offer-1']))).get('offer-1')
  const close = () => ground.db.transact((tx) => ground.fleet.offered.close(tx, ['offer-1']))
  const release = (session: `session_${string}`) =>
    ground.db.transact((tx) => ground.fleet.release(tx, session, 'completed'))

  it('are given one session at a time, whatever room they have', async () => {
    await open()
    expect(await ground.reserve('session_1')).toMatchObject({ server: 'offer-1', host: '10.0.0.1', port: 7_000 })
    expect(await ground.reserve('session_2')).toBeNull()
    expect(await ground.db.transact((tx) => ground.fleet.addSlots(tx, 'session_1', 1))).toBe(true)
    await ground.db.transact((tx) => ground.fleet.freeSlots(tx, 'session_1', 2))
    expect(await ground.reserve('session_3')).toBeNull()
    await release('session_1')
    expect(await ground.reserve('session_4')).toMatchObject({ server: 'offer-1' })
  })

  it('are given one of many sessions that come at once', async () => {
    await open()
    const tried = await Promise.all(Array.from({ length: 20 }, (_, at) => ground.reserve(`session_${at}`)))
    expect(tried.filter((one) => one !== null)).toHaveLength(1)
  })

  it('go on as they are when they are offered again, also after they were closed', async () => {
    await open()
    await ground.reserve('session_1')
    await open({}, 'run_2')
    expect(await standing()).toEqual({ instance: 'run_1', key, state: 'ready', sessions: 1, prepared: 0 })
    await close()
    await release('session_1')
    expect(await ground.reserve('session_2')).toBeNull()
    await open({ modes: ['arena'] }, 'run_3')
    expect(await standing()).toMatchObject({ instance: 'run_1', state: 'ready', sessions: 0 })
    expect(await ground.reserve('session_3')).toBeNull()
    expect(await ground.reserve('session_4', { mode: 'arena' })).toMatchObject({ server: 'offer-1' })
    await open({ modes: ['arena', 'duel'] })
    expect(await ground.reserve('session_5')).toBeNull()
  })

  it('lose what they played where they are offered anew', async () => {
    await open()
    await ground.reserve('session_1')
    await ground.db.transact((tx) => ground.fleet.confirm(tx, 'session_1'))
    await ground.db.transact((tx) => ground.fleet.offered.open(tx, key, 'run_2', offer, true))
    expect(await ground.view('session_1')).toMatchObject({ state: 'gone', cause: 'restarted' })
    expect(await standing()).toEqual({ instance: 'run_2', key, state: 'ready', sessions: 0, prepared: 0 })
    expect(await ground.reserve('session_2')).toMatchObject({ server: 'offer-1', instance: 'run_2' })
  })

  it('are of the key that offered them', async () => {
    await open()
    await expect(open({}, 'run_2', 'key_2')).rejects.toMatchObject({ code: 'SERVER_ID_TAKEN' })
    await ground.call('server', 'POST', '/servers', { ...offer, id: 'own', sessionsMax: undefined, region: undefined })
    await expect(open({ id: 'own' })).rejects.toMatchObject({ code: 'SERVER_ID_TAKEN' })
  })

  it('[security 1] are beyond the reach of who has only the key; operators may still end them', async () => {
    await open({}, 'run_1', 'key_server')
    await ground.reserve('session_1')
    const beat = await ground.call('server', 'POST', '/servers/offer-1/heartbeat', { current_players: 0, load: 0 })
    expect(beat).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
    for (const [method, path] of [
      ['POST', '/servers/offer-1/drain'],
      ['DELETE', '/servers/offer-1'],
    ] as const) {
      expect(await ground.call('server', method, path)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
    }
    const { id, name, address, ports, capacity } = offer
    for (const taken of [id, 'offer-2']) {
      const registered = await ground.call('server', 'POST', '/servers', { id: taken, name, address, ports, capacity })
      expect(registered).toMatchObject({ status: 409, body: { code: 'SERVER_ID_TAKEN' } })
    }
    expect(await standing()).toEqual({ instance: 'run_1', key: 'key_server', state: 'ready', sessions: 1, prepared: 0 })
    expect(await ground.call('operator', 'DELETE', '/servers/offer-1')).toMatchObject({ status: 204 })
    expect(await standing()).toBeUndefined()
  })

  it('tell what they are to prepare until they are ready for it', async () => {
    await open()
    await ground.reserve('session_1', { brief: { match_id: 'match_9' } })
    const assigned = async () => (await ground.fleet.offered.assignmentsOf(['offer-1'])).get('offer-1')
    expect(await assigned()).toMatchObject([{ session: 'session_1', brief: { match_id: 'match_9' } }])
    await ground.db.transact((tx) => ground.fleet.confirm(tx, 'session_1'))
    expect(await assigned()).toEqual([])
    expect(await standing()).toMatchObject({ sessions: 1, prepared: 1 })
  })

  it('live as long as somebody vouches for them', async () => {
    await open()
    for (let round = 0; round < 3; round++) {
      await ground.clock.advance(20_000)
      await ground.sweep()
      await ground.fleet.offered.vouch([{ server: 'offer-1', key }])
    }
    expect(await standing()).toMatchObject({ state: 'ready' })
    await ground.reserve('session_1')
    for (let second = 0; second <= 31; second++) {
      await ground.clock.advance(1_000)
      await ground.fleet.offered.vouch([{ server: 'offer-1', key: 'key_2' }])
      await ground.sweep()
    }
    expect(await standing()).toBeUndefined()
    expect(await ground.view('session_1')).toMatchObject({ state: 'gone', cause: 'silent' })
  })

  it('end with what they play, for the reason that is given', async () => {
    await open()
    await ground.reserve('session_1')
    await ground.db.transact((tx) => ground.fleet.offered.end(tx, ['offer-1'], 'not_ready', 'It declined.'))
    expect(await ground.view('session_1')).toMatchObject({ state: 'gone', cause: 'not_ready' })
    await open({}, 'run_2')
    expect(await standing()).toMatchObject({ instance: 'run_2', sessions: 0 })
  })
})
