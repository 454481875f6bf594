import { type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { lawsBroken } from '../../../test/support/session-laws.ts'
import { ann, bob, type SessionsGround, sessionsGround } from '../../../test/support/sessions-ground.ts'
import { seededRandom } from '../../platform/random.ts'

const crash = new Error('planted crash')

describe('a session whose node died', () => {
  let ground: SessionsGround
  afterEach(() => ground[Symbol.asyncDispose]())

  /** What would move it on, with nobody there to see it. */
  async function pass(state: string, id: SessionId): Promise<void> {
    if (state === 'preparing') ground.fleet.printReady(id)
    if (state === 'loading') await ground.clock.advance(60_000)
    if (state === 'in_progress') await ground.clock.advance(7_200_000)
  }

  it.each([
    ['requested', 'preparing expected expected'],
    ['preparing', 'loading expected expected'],
    ['loading', 'cancelled nobody_came absent absent'],
    ['in_progress', 'abandoned overtime joined joined'],
  ])('while %s is carried on by whoever looks next', async (state, after) => {
    ground = await sessionsGround()
    ground.fleet.add()
    const id =
      state === 'in_progress'
        ? await ground.playing()
        : state === 'loading'
          ? await ground.loading()
          : await ground.open()
    if (state === 'preparing') await ground.sessions.sweep()
    expect(await ground.shown(id)).toMatch(new RegExp(`^${state}`))
    await pass(state, id)
    await ground.node().sweep()
    expect(await ground.shown(id)).toBe(after)
    expect(await lawsBroken(ground)).toEqual([])
  })

  it('before any of its writes came to pass is as if nothing had been tried', async () => {
    ground = await sessionsGround()
    ground.fleet.add({ capacity: 2 })
    const { fleet } = ground.fleet
    const whole = { ...fleet }
    // Each of these dies once, after it has done its part of a transaction that then never commits.
    for (const verb of ['reserve', 'confirm', 'release'] as const) {
      let died = false
      Object.assign(fleet, {
        [verb]: async (...given: never[]) => {
          const done = await (whole[verb] as (...all: never[]) => Promise<unknown>)(...given)
          if (died) return done
          died = true
          throw crash
        },
      })
    }
    const id = await ground.open()
    await ground.sessions.sweep()
    expect(await ground.shown(id)).toMatch(/^requested/)
    expect(await lawsBroken(ground)).toEqual([])
    await ground.node().sweep()
    expect(await ground.shown(id)).toMatch(/^preparing/)
    expect(await ground.report(id, 'ready')).toBe('500 INTERNAL')
    expect(await ground.shown(id)).toMatch(/^preparing/)
    expect(await lawsBroken(ground)).toEqual([])
    expect(await ground.report(id, 'ready')).toBe('200 loading')
    expect(await ground.report(id, 'abandoned', { reason: 'x' })).toBe('500 INTERNAL')
    expect(await ground.shown(id)).toMatch(/^loading/)
    expect(await lawsBroken(ground)).toEqual([])
    expect(await ground.report(id, 'abandoned', { reason: 'x' })).toBe('200 cancelled')
    expect(await lawsBroken(ground)).toEqual([])
  })

  it('after a commit whose answer was lost answers a repetition as the first', async () => {
    ground = await sessionsGround()
    ground.fleet.add()
    const { transact } = ground.db
    let lost = false
    const losing = () => {
      lost = true
    }
    ground.db.transact = async (run) => {
      const value = await transact(run)
      if (!lost) return value
      lost = false
      throw new Refusal('OUTCOME_UNKNOWN', { retryAfterS: 1 })
    }
    const request = ground.requestOf([ann, bob])
    for (const player of [ann, bob]) ground.places.put(player, { kind: 'entry', id: `entry_${player}` })
    losing()
    const open = () => ground.db.transact((tx) => ground.sessions.open(tx, request))
    await expect(open()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    const id = await open()
    await ground.sessions.sweep()
    for (const [what, body] of [
      ['ready', {}],
      ['players', { joined: [ann] }],
      ['started', {}],
      ['abandoned', { reason: 'x' }],
    ] as const) {
      losing()
      expect(await ground.report(id, what, body)).toBe('503 OUTCOME_UNKNOWN')
      expect(await ground.report(id, what, body)).toMatch(/^200/)
    }
    expect(await ground.shown(id)).toBe('abandoned x joined absent')
    expect(ground.fleet.releases.length).toBe(1)
    expect(await lawsBroken(ground)).toEqual([])
  })

  it.each([1, 2, 3, 4, 5, 6])(
    'holds every law through whatever happens, and holds nothing in the end: seed %i',
    async (seed) => {
      ground = await sessionsGround({ mode: { playersMin: 1, durationMaxS: 600, leaveGraceS: 20 } })
      const { fleet, places, clock } = ground
      const random = seededRandom(seed)
      const one = <T>(of: readonly T[]): T => of[Math.floor(random.fraction() * of.length)] as T
      const nodes = [ground.sessions, ground.node(), ground.node()]
      const players = Array.from({ length: 12 }, (_, index): PlayerId => `player_p${index}`)
      const ids: SessionId[] = []
      fleet.add({ capacity: 5 })
      fleet.add({ capacity: 3 })
      const happenings: (() => Promise<unknown>)[] = [
        async () => {
          const free = players.filter((player) => places.of(player) === 'nowhere')
          if (free.length >= 2) ids.push(await ground.open(free.slice(0, 2)))
        },
        async () => one(nodes).sweep(),
        async () => one(nodes).sweep(),
        async () => ground.report(one(ids), 'ready'),
        async () => ground.report(one(ids), 'started'),
        async () => ground.report(one(ids), 'players', { joined: [one((await ground.view(one(ids))).seats).player] }),
        async () => {
          const id = one(ids)
          const { seats } = await ground.view(id)
          await ground.report(id, 'players', one([{ joined: [one(seats).player] }, { left: [one(seats).player] }]))
        },
        async () => {
          const id = one(ids)
          await ground.call('POST', `/sessions/${id}/ticket`, one((await ground.view(id)).seats).player)
        },
        async () => {
          const id = one(ids)
          if (random.fraction() < 0.3)
            await ground.call('POST', `/sessions/${id}/leave`, one((await ground.view(id)).seats).player)
        },
        async () => (random.fraction() < 0.2 ? ground.finish(one(ids)) : null),
        async () => (random.fraction() < 0.1 ? ground.report(one(ids), 'abandoned', { reason: 'x' }) : null),
        async () => {
          if (random.fraction() > 0.05) return
          fleet.lose(one([...fleet.servers.keys()]))
          fleet.add({ capacity: 4 })
        },
      ]
      await happenings[0]?.()
      for (let round = 0; round < 60; round++) {
        await Promise.all(Array.from({ length: 6 }, () => one(happenings)()))
        expect(await lawsBroken(ground)).toEqual([])
        for (const player of players) {
          // Matchmaking takes back who was returned to it.
          const [kind, id = ''] = places.of(player).split(' ')
          if (kind === 'entry')
            await ground.db.transact((tx) => places.places.release(tx, [{ player, place: { kind, id } }]))
        }
        await clock.advance(Math.floor(random.fraction() * 8_000))
      }
      expect(ids.length).toBeGreaterThan(5)
      for (let look = 0; look < 6; look++) {
        await clock.advance(700_000)
        await one(nodes).sweep()
      }
      expect(await lawsBroken(ground)).toEqual([])
      for (const id of ids) expect((await ground.view(id)).endedAt).not.toBeNull()
      for (const { reserved } of fleet.servers.values()) expect(reserved).toBe(0)
      expect(new Set(players.map((player) => places.of(player).split(' ')[0])).has('session')).toBe(false)
    },
  )
})
