import type { PlayerId, SessionId } from '@muster/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { lawsBroken } from '../../../test/support/session-laws.ts'
import {
  ann,
  bob,
  type SessionsGround,
  type SessionsGroundOptions,
  sessionsGround,
} from '../../../test/support/sessions-ground.ts'

const times = <T>(count: number, run: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)))

/** How many gave which answer. */
const tally = (answers: readonly string[]) =>
  Object.fromEntries([...new Set(answers)].sort().map((one) => [one, answers.filter((other) => other === one).length]))

describe('two hundred at once', () => {
  let ground: SessionsGround
  const begin = async (options: SessionsGroundOptions = {}, capacity = 10) => {
    ground = await sessionsGround(options)
    ground.fleet.add({ capacity })
    return ground
  }
  afterEach(async () => {
    expect(await lawsBroken(ground)).toEqual([])
    await ground[Symbol.asyncDispose]()
  })

  it('say that play has started: it starts once, with the first choice', async () => {
    await begin()
    const id = await ground.loading()
    await ground.report(id, 'started', { settings: { level: 'first' } })
    const answers = await times(200, (level) => ground.report(id, 'started', { settings: { level } }))
    expect(tally(answers)).toEqual({ '200 in_progress': 200 })
    expect((await ground.view(id)).chosen).toEqual({ level: 'first' })
  })

  it('abandon it: it ends once', async () => {
    const { fleet } = await begin()
    const id = await ground.playing()
    expect(tally(await times(200, () => ground.report(id, 'abandoned', { reason: 'x' })))).toEqual({
      '200 abandoned': 200,
    })
    expect(fleet.releases).toEqual([{ session: id, why: 'reported' }])
  })

  it('finish it: one result counts', async () => {
    const { fleet } = await begin()
    const id = await ground.playing()
    const verdicts = await times(200, async () => (await ground.finish(id)).kind)
    expect(tally(verdicts)).toEqual({ already: 199, finished: 1 })
    expect(fleet.releases).toEqual([{ session: id, why: 'completed' }])
  })

  it('finish and abandon it, while its server is lost: it ends one way', async () => {
    const { fleet, sessions } = await begin()
    const id = await ground.playing()
    fleet.lose('server-1')
    const nodes = [sessions, ground.node(), ground.node()]
    await times(200, async (index) => {
      if (index % 3 === 0) await ground.finish(id)
      else if (index % 3 === 1) await ground.report(id, 'abandoned', { reason: `${index}` })
      else await nodes[index % nodes.length]?.sweep()
    })
    expect(fleet.releases.length).toBe(1)
    const { state } = await ground.view(id)
    expect(['completed', 'abandoned']).toContain(state)
  })

  it('drive one session from many nodes: it gets one server', async () => {
    const { fleet } = await begin({}, 100)
    const id = await ground.open()
    const nodes = Array.from({ length: 4 }, () => ground.node())
    await times(200, async (index) => nodes[index % nodes.length]?.sweep())
    expect(fleet.allocations.size).toBe(1)
    expect(fleet.servers.get('server-1')?.reserved).toBe(2)
    expect(await ground.shown(id)).toMatch(/^preparing/)
  })

  it('give up one place: the player is free once, and the match is cancelled once', async () => {
    const { fleet } = await begin()
    const id = await ground.loading()
    await times(200, (index) => ground.call('POST', `/sessions/${id}/leave`, index % 2 === 0 ? ann : bob))
    expect(fleet.releases).toEqual([{ session: id, why: 'too_few_came' }])
  })

  it('ask for tickets to the last free slot: one seat has it', async () => {
    const { clock, fleet, sessions } = await begin({ mode: { playersMin: 1 }, options: { ticketsPerMinute: 1_000 } }, 4)
    const names = ['a', 'b', 'c', 'd'].map((name): PlayerId => `player_${name}`)
    const id = await ground.loading(names)
    await ground.report(id, 'players', { joined: ['player_a'] })
    await ground.report(id, 'started')
    await clock.advance(1)
    await sessions.sweep()
    const other = await ground.open([ann, bob])
    await sessions.sweep()
    expect(await ground.shown(other)).toMatch(/^preparing/)
    const late = names.slice(1)
    const answers = await times(200, async (index) => {
      const player = late[index % late.length] as PlayerId
      return { player, status: (await ground.call('POST', `/sessions/${id}/ticket`, player)).status }
    })
    expect(new Set(answers.filter(({ status }) => status === 201).map(({ player }) => player)).size).toBe(1)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]))
    expect(fleet.servers.get('server-1')?.reserved).toBe(4)
  })

  it('open more sessions than there is room for: the capacity holds', async () => {
    const { fleet } = await begin({}, 21)
    const nodes = Array.from({ length: 3 }, () => ground.node())
    const ids: SessionId[] = []
    for (let pair = 0; pair < 30; pair++) ids.push(await ground.open([`player_a${pair}`, `player_b${pair}`]))
    await times(12, async (index) => nodes[index % nodes.length]?.sweep())
    expect(fleet.servers.get('server-1')?.reserved).toBe(20)
    const shown = await Promise.all(ids.map((id) => ground.view(id)))
    expect(tally(shown.map(({ state }) => state))).toEqual({ preparing: 10, requested: 20 })
  })
})
