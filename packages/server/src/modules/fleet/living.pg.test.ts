import { sql } from 'kysely'
import { afterEach, describe, expect, it } from 'vitest'
import { type FleetGround, fleetGround } from '../../../test/support/fleet-ground.ts'
import type { FleetOptions } from './config.ts'

const server = { id: 'a', name: 'Arena', address: '10.0.0.1', ports: { game: 7_000 }, capacity: 4, modes: ['duel'] }
const said = { current_players: 1, load: 0.2 }
const turnsMax = 2_000

describe('time in the fleet', () => {
  let ground: FleetGround
  afterEach(() => ground[Symbol.asyncDispose]())

  async function open(options: Partial<FleetOptions> = {}) {
    ground = await fleetGround(options)
    return ground
  }
  const register = (id = 'a') => ground.call('server', 'POST', '/servers', { ...server, id })
  const beat = (over: object = {}, id = 'a') =>
    ground.call('server', 'POST', `/servers/${id}/heartbeat`, { ...said, ...over })
  const isLive = async (id = 'a') => (await ground.call('service', 'GET', `/servers/${id}`)).status === 200

  /** Lets the database answer until there is something to see. */
  async function seen(look: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < turnsMax; turn++) if (await look()) return
    throw new Error('It was not seen.')
  }
  /** Moves on second by second, and sweeps in each. */
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await ground.clock.advance(1_000)
      await ground.sweep()
    }
  }
  /** Whether an answer has come, once everything under way has settled. */
  async function isSettled(answer: Promise<unknown>): Promise<boolean> {
    let settled = false
    void answer.then(() => {
      settled = true
    })
    for (let turn = 0; turn < 20 && !settled; turn++) await isLive()
    return settled
  }

  it('ends a server that is silent past its TTL, and only that', async () => {
    await open({ ttlS: 10, outageS: 3 })
    await register('a')
    await register('b')
    await ground.reserve('session_1')
    const woken: string[] = []
    ground.wakes.hear('session', (ids) => void woken.push(...ids))
    const other = (await ground.view('session_1'))!.server === 'a' ? 'b' : 'a'
    const holder = other === 'a' ? 'b' : 'a'
    await pass(8)
    await beat({}, other)
    await pass(2)
    expect(await isLive(holder)).toBe(true)
    await pass(1)
    expect(await isLive(holder)).toBe(false)
    expect(await isLive(other)).toBe(true)
    expect(await ground.view('session_1')).toMatchObject({ state: 'gone', cause: 'silent' })
    expect(woken).toEqual(['session_1'])
    expect((await beat({}, holder)).body.code).toBe('SERVER_NOT_FOUND')
  })

  it('gives everybody a whole TTL anew after an outage of Muster itself', async () => {
    await open({ ttlS: 10, outageS: 3 })
    await register()
    await pass(2)
    // Nobody sweeps for an hour: all of it happens between two sweeps.
    await sql`update fleet_sweeps set swept_at = swept_at - 3600000`.execute(ground.kysely)
    await sql`update fleet_beats set last_beat_at = last_beat_at - 3600000`.execute(ground.kysely)
    await pass(10)
    expect(await isLive()).toBe(true)
    await pass(2)
    expect(await isLive()).toBe(false)
  })

  it('answers a waiting beat at once where there is something to do', async () => {
    await open()
    await register()
    await ground.reserve('session_1')
    expect((await beat({ wait_s: 15 })).body.assign).toHaveLength(1)
  })

  it('answers a waiting beat when something comes', async () => {
    await open()
    await register()
    const answer = beat({ wait_s: 15 })
    expect(await isSettled(answer)).toBe(false)
    await ground.reserve('session_1')
    expect((await answer).body.assign).toMatchObject([{ session_id: 'session_1' }])
  })

  it('finds by itself what nobody woke it for', async () => {
    await open({ lookEveryS: 2 })
    await register()
    const answer = beat({ wait_s: 15 })
    expect(await isSettled(answer)).toBe(false)
    await sql`update fleet_servers set state = 'draining'`.execute(ground.kysely)
    await ground.clock.advance(2_000)
    expect((await answer).body.drain).toBe(true)
  })

  it('answers with nothing when the wait is over, and never waits beyond the interval of beats', async () => {
    await open({ heartbeatIntervalS: 5, lookEveryS: 30 })
    await register()
    const answer = beat({ wait_s: 30 })
    expect(await isSettled(answer)).toBe(false)
    await ground.clock.advance(5_000)
    expect((await answer).body).toEqual({ assign: [], kick: [], drain: false })
  })

  it('does not answer over and over with what was told just now, but tells it again after a while', async () => {
    await open({ retellS: 5, lookEveryS: 1 })
    await register()
    await ground.reserve('session_1')
    expect((await beat({ wait_s: 15 })).body.assign).toHaveLength(1)
    const answer = beat({ wait_s: 15 })
    expect(await isSettled(answer)).toBe(false)
    for (let second = 0; second < 5; second++) {
      await ground.clock.advance(1_000)
      await isLive()
    }
    expect((await answer).body.assign).toHaveLength(1)
    await ground.db.transact((tx) => ground.fleet.confirm(tx, 'session_1'))
    expect((await beat()).body.assign).toEqual([])
  })

  it('repeats a kick until the server no longer lists whom it is about', async () => {
    await open()
    await register()
    await ground.reserve('session_1')
    await ground.db.transact((tx) => ground.fleet.kick(tx, 'session_1', 'player_ann', 'banned'))
    const playing = { sessions: [{ session_id: 'session_1', players: ['player_ann'] }] }
    const without = { sessions: [{ session_id: 'session_1', players: [] }] }
    const kick = { session_id: 'session_1', player_id: 'player_ann', reason: 'banned' }
    // Not listing the player before it was told does not show that it was obeyed.
    expect((await beat(without)).body.kick).toEqual([kick])
    expect((await beat(playing)).body.kick).toEqual([kick])
    expect((await beat(without)).body.kick).toEqual([])
    expect((await beat(playing)).body.kick).toEqual([])
  })

  it('repeats a kick for a while to a server that does not say who plays', async () => {
    await open({ kickKeptS: 20, ttlS: 100 })
    await register()
    await ground.reserve('session_1')
    await ground.db.transact((tx) => ground.fleet.release(tx, 'session_1', 'cancelled'))
    const kick = { session_id: 'session_1', reason: 'cancelled' }
    expect((await beat()).body.kick).toEqual([kick])
    expect((await beat()).body.kick).toEqual([kick])
    await ground.clock.advance(20_000)
    expect((await beat()).body.kick).toEqual([])
  })

  it('answers waiting beats when Muster stops', async () => {
    await open()
    await register()
    const answer = beat({ wait_s: 15 })
    expect(await isSettled(answer)).toBe(false)
    await ground.fleet.stop()
    expect((await answer).status).toBe(200)
  })

  it('writes many beats together, each with its own answer', async () => {
    await open({ beatBatchMax: 7 })
    const ids = Array.from({ length: 30 }, (_, at) => `s${at}`)
    for (const id of ids) await register(id)
    const answers = await Promise.all([...ids, 'nobody'].map((id) => beat({}, id)))
    expect(answers.map((one) => one.status)).toEqual([...ids.map(() => 200), 404])
  })

  it('counts servers by state for who watches the figures', async () => {
    await open()
    await register()
    await pass(1)
    await seen(async () => /muster_servers\{state="ready"\} 1/.test(await ground.metrics.registry.metrics()))
  })
})
