import type { PlayerId, SessionId } from '@muster/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ann,
  bob,
  type SessionsGround,
  type SessionsGroundOptions,
  sessionsGround,
} from '../../../test/support/sessions-ground.ts'

describe('opening a session', () => {
  let ground: SessionsGround
  const begin = async (options: SessionsGroundOptions = {}) => {
    ground = await sessionsGround(options)
    return ground
  }
  afterEach(() => ground[Symbol.asyncDispose]())

  it('finds a server with room, tells it of the match, and waits until it is ready', async () => {
    const { fleet, sessions } = await begin()
    const server = fleet.add({ capacity: 2 })
    const id = await ground.open([ann, bob], { settings: { map: 'hill' } })
    expect(await ground.shown(id)).toBe('requested expected expected')
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('preparing expected expected')
    expect(server.reserved).toBe(2)
    expect(fleet.allocations.get(id)?.brief).toEqual({
      ...{ match_id: 'match_1', session_id: id, kind: 'match', mode: 'duel', region: null, transport: 'websocket' },
      ...{ factions: [[ann], [bob]], nicknames: { [ann]: 'ann', [bob]: 'bob' }, settings: { map: 'hill' } },
      ...{ players_min: 2, loading_timeout_s: 60, duration_max_s: 7_200 },
    })
    expect(await ground.report(id, 'ready')).toBe('200 loading')
  })

  it('begins play with readiness where nobody says who came', async () => {
    const { fleet, sessions, clock } = await begin({ mode: { startsWhenReady: true, durationMaxS: 100 } })
    fleet.add({ capacity: 2 })
    const id = await ground.open()
    await sessions.sweep()
    expect(await ground.report(id, 'ready')).toBe('200 in_progress')
    expect(await ground.report(id, 'ready')).toBe('200 in_progress')
    await clock.advance(99_000)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('in_progress expected expected')
    await clock.advance(2_000)
    await sessions.sweep()
    expect(await ground.shown(id)).toMatch(/^abandoned overtime/)
  })

  it('serves those who wait first come, first served, and before whoever does not wait', async () => {
    const { sessions, clock } = await begin({
      ...{ sources: { registered: false, launched: true }, processesMax: 1 },
      mode: { private: { playersMax: 2, guests: true, lobbyS: 1_000, emptyS: 1_000 }, loadingTimeoutS: 1_000 },
    })
    sessions.start()
    /** Asks for a server as soon as somebody heard of it, which is before the next look at those who wait. */
    const host = async (player: PlayerId, allocateWaitMs: number) => {
      const players = [{ player, nick: 'host', guest: false, team: 0, role: 'host', origin: null }] as const
      const over = { match: null, kind: 'private', board: null, playersMax: 2, allocateWaitMs } as const
      const id = await ground.open([], { ...over, players: [...players] })
      await sessions.sweep()
      await clock.advance(10)
      return id
    }
    const states = async (ids: SessionId[]) => Promise.all(ids.map(async (id) => (await ground.view(id)).state))
    const end = (id: SessionId) => ground.db.transact((tx) => sessions.callOff(tx, id))

    let served = await host('player_1', 0)
    const waiting = [await host('player_2', 60_000), await host('player_3', 60_000), await host('player_4', 60_000)]
    expect(await states([served, ...waiting])).toEqual(['preparing', 'requested', 'requested', 'requested'])
    for (const [at, next] of waiting.entries()) {
      await end(served)
      const hasty = await host(`player_hasty_${at}`, 0)
      expect((await ground.view(hasty)).detail).toBe('Others have waited for a server for longer.')
      const rest = waiting.slice(at + 1)
      expect(await states([next, ...rest])).toEqual(['preparing', ...rest.map(() => 'requested')])
      served = next
    }
    await end(served)
    expect(await states([await host('player_5', 0)])).toEqual(['preparing'])
    await sessions.stop()
  })

  it('moves the players in the same transaction, once for each match', async () => {
    const { places, sessions, requestOf, db } = await begin()
    const request = requestOf([ann, bob])
    for (const player of [ann, bob]) places.put(player, { kind: 'entry', id: `entry_${player}` })
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => db.transact((tx) => sessions.open(tx, request)).catch(() => null)),
    )
    const opened = new Set(ids.filter((id) => id !== null))
    expect(opened.size).toBe(1)
    for (const player of [ann, bob]) expect(places.of(player)).toBe(`session ${[...opened][0]}`)
    expect(await db.transact((tx) => sessions.open(tx, request))).toBe([...opened][0])
  })

  it('opens nothing where a player is no longer where the match found them', async () => {
    const { places, sessions, requestOf, db } = await begin()
    places.put(ann, { kind: 'entry', id: `entry_${ann}` })
    places.put(bob, { kind: 'session', id: 'session_other' })
    await expect(db.transact((tx) => sessions.open(tx, requestOf([ann, bob])))).rejects.toMatchObject({
      code: 'ALREADY_PLAYING',
    })
    expect(places.of(ann)).toBe(`entry entry_${ann}`)
    expect(places.of(bob)).toBe('session session_other')
  })

  it('takes players who come from nowhere, unless they are elsewhere', async () => {
    const { places, sessions, requestOf, db } = await begin()
    const request = requestOf([ann, bob])
    const free = { ...request, players: request.players.map((player) => ({ ...player, origin: null })) }
    places.put(bob, { kind: 'entry', id: 'e9' })
    await expect(db.transact((tx) => sessions.open(tx, free))).rejects.toMatchObject({
      code: 'ALREADY_SEARCHING',
      message: `${bob} must first leave the queue, match or game that they are in.`,
    })
    expect(places.of(ann)).toBe('nowhere')
  })

  it.each([
    ['an unknown mode', { mode: 'chess' }],
    ['no players', { players: [] }],
  ])('refuses %s', async (_, over) => {
    const { sessions, requestOf, db } = await begin()
    await expect(db.transact((tx) => sessions.open(tx, requestOf([ann], over)))).rejects.toThrow()
  })

  it('asks again until the wait is over, then gives the players back to where they came from', async () => {
    const { clock, fleet, places, sessions } = await begin()
    fleet.add({ capacity: 1 })
    const id = await ground.open()
    await clock.advance(4_999)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('requested expected expected')
    expect(places.of(ann)).toBe(`session ${id}`)
    await clock.advance(1)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('cancelled no_server expected expected')
    expect((await ground.view(id)).detail).toBe('No registered server had room.')
    for (const player of [ann, bob]) expect(places.of(player)).toBe(`entry entry_${player}`)
  })

  it('takes a server that comes up while it waits', async () => {
    const { clock, fleet, sessions } = await begin()
    const id = await ground.open()
    await sessions.sweep()
    fleet.add()
    await clock.advance(6_000)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('preparing expected expected')
  })

  it('serves the one that waited longest first', async () => {
    const { clock, fleet, sessions } = await begin()
    const first = await ground.open([ann, bob])
    await clock.advance(10)
    const second = await ground.open(['player_cat', 'player_dan'])
    fleet.add({ capacity: 2 })
    await sessions.sweep()
    expect(await ground.shown(first)).toMatch(/^preparing/)
    expect(await ground.shown(second)).toMatch(/^requested/)
  })

  it('launches a server where none is registered, and hears of its readiness by its output', async () => {
    const { fleet, sessions } = await begin({ sources: { registered: false, launched: true }, processesMax: 1 })
    const id = await ground.open()
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('preparing expected expected')
    fleet.printReady(id)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('loading expected expected')
    const refused = await ground.open(['player_cat', 'player_dan'])
    await ground.clock.advance(5_000)
    await sessions.sweep()
    expect((await ground.view(refused)).detail).toBe('As many servers run as there may be.')
  })

  it('prefers registered servers where a mode has both', async () => {
    const { fleet, sessions } = await begin({ sources: { registered: true, launched: true }, processesMax: 1 })
    const server = fleet.add({ capacity: 2 })
    const first = await ground.open()
    await sessions.sweep()
    const second = await ground.open(['player_cat', 'player_dan'])
    await sessions.sweep()
    expect(fleet.allocations.get(first)?.server).toBe(server)
    expect(fleet.allocations.get(second)?.server.launched).toBe(true)
  })

  it('says why where a mode has no servers at all', async () => {
    const { clock, sessions } = await begin({ sources: { registered: false, launched: false } })
    const id = await ground.open()
    await clock.advance(5_000)
    await sessions.sweep()
    expect(await ground.view(id)).toMatchObject({ reason: 'no_server', detail: 'This mode has no servers.' })
  })

  it('cancels where the launched server failed, with the words of the fleet', async () => {
    const { fleet, places, sessions } = await begin({ sources: { registered: false, launched: true }, processesMax: 1 })
    const id = await ground.open()
    await sessions.sweep()
    fleet.lose('server-1', 'The game server ended before it was ready.', 'exited_early')
    await sessions.sweep()
    expect(await ground.view(id)).toMatchObject({
      ...{ state: 'cancelled', reason: 'server_failed', detail: 'The game server ended before it was ready.' },
    })
    expect(places.of(ann)).toBe(`entry entry_${ann}`)
  })

  it('cancels where the server is not ready in time, whether we or the fleet lose patience', async () => {
    const { clock, fleet, sessions } = await begin()
    const server = fleet.add()
    const ours = await ground.open([ann, bob])
    await sessions.sweep()
    await clock.advance(30_000)
    await sessions.sweep()
    expect(await ground.shown(ours)).toBe('cancelled server_not_ready expected expected')
    expect(server.reserved).toBe(0)
    const theirs = await ground.open(['player_cat', 'player_dan'])
    await sessions.sweep()
    fleet.lose(server.id, 'The game server was not ready in time.', 'not_ready')
    await sessions.sweep()
    expect(await ground.shown(theirs)).toBe('cancelled server_not_ready expected expected')
  })

  it('drives what it is told of at once, without a sweep', async () => {
    const { clock, fleet, sessions } = await begin({ options: { sweepMs: 1_000 } })
    fleet.add()
    sessions.start()
    const id = await ground.open()
    await expect.poll(() => ground.shown(id)).toBe('preparing expected expected')
    expect(clock.now()).toBe(Date.UTC(2026, 0, 1))
    await sessions.stop()
  })
})

describe('watching over a session', () => {
  let ground: SessionsGround
  const begin = async (options: SessionsGroundOptions = {}) => {
    ground = await sessionsGround(options)
    ground.fleet.add({ capacity: 10 })
    return ground
  }
  afterEach(() => ground[Symbol.asyncDispose]())

  it('begins play without who is missing, if the minimum came in time', async () => {
    const { clock, sessions } = await begin({ mode: { playersMin: 1 } })
    const id = await ground.loading()
    await ground.report(id, 'players', { joined: [ann] })
    await clock.advance(59_999)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('loading joined expected')
    await clock.advance(1)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('in_progress joined absent')
  })

  it('cancels where too few came, and tells who had come', async () => {
    const { clock, fleet, places, sessions } = await begin()
    const id = await ground.loading()
    await ground.report(id, 'players', { joined: [ann] })
    await clock.advance(60_000)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('cancelled too_few_came joined absent')
    const { seats } = await ground.view(id)
    expect(seats.map(({ joinedAt }) => joinedAt !== null)).toEqual([true, false])
    for (const player of [ann, bob]) expect(places.of(player)).toBe(`entry entry_${player}`)
    expect(fleet.releases).toEqual([{ session: id, why: 'too_few_came' }])
    expect(fleet.servers.get('server-1')?.reserved).toBe(0)
  })

  it('cancels where nobody came', async () => {
    const { clock, sessions } = await begin()
    const id = await ground.loading()
    await clock.advance(60_000)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('cancelled nobody_came absent absent')
  })

  it('cancels while loading, and abandons in play, when the server is lost', async () => {
    const { fleet, places, sessions } = await begin()
    const loading = await ground.loading([ann, bob])
    const playing = await ground.playing(['player_cat', 'player_dan'])
    fleet.lose('server-1', 'The game server fell silent.')
    await sessions.sweep()
    expect(await ground.shown(loading)).toBe('cancelled server_lost expected expected')
    expect(await ground.shown(playing)).toBe('abandoned server_lost joined joined')
    expect((await ground.view(playing)).detail).toBe('The game server fell silent.')
    expect(places.of(ann)).toBe(`entry entry_${ann}`)
    expect(places.of('player_cat')).toBe('nowhere')
  })

  it('abandons what runs for too long', async () => {
    const { clock, places, sessions } = await begin({ mode: { durationMaxS: 600 } })
    const id = await ground.playing()
    await clock.advance(600_000)
    await sessions.sweep()
    expect(await ground.shown(id)).toBe('abandoned overtime joined joined')
    expect(places.of(ann)).toBe('nowhere')
  })

  it('gives servers a grace to catch up on reports after an outage of its own', async () => {
    const { clock } = await begin({ options: { outageGraceS: 3 } })
    const id = await ground.loading()
    await clock.advance(120_000)
    const back = ground.node()
    await back.sweep()
    expect(await ground.shown(id)).toBe('loading expected expected')
    for (let passed = 0; passed < 3_000; passed += 500) {
      await clock.advance(500)
      await back.sweep()
    }
    expect(await ground.shown(id)).toBe('cancelled nobody_came absent absent')
  })

  it('goes round more sessions than one look takes', async () => {
    const { fleet, sessions } = await begin({ options: { sweepBatchMax: 2 } })
    fleet.lose('server-1')
    const ids: SessionId[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      fleet.add({ capacity: 1 })
      ids.push(await ground.playing([`player_${name}`]))
    }
    for (const id of ids) {
      fleet.lose(fleet.allocations.get(id)?.server.id ?? '')
      for (let round = 0; round < 3; round++) await sessions.sweep()
      expect(await ground.shown(id)).toBe('abandoned server_lost joined')
    }
  })

  it('asks once in a sweep where the answer would be the same for all', async () => {
    const { fleet, sessions } = await begin({ options: { drivesAtOnceMax: 1 } })
    fleet.lose('server-1')
    for (const name of ['a', 'b', 'c']) await ground.open([`player_${name}`])
    const { reserve } = fleet.fleet
    let asked = 0
    fleet.fleet.reserve = (tx, claim) => {
      asked++
      return reserve(tx, claim)
    }
    await sessions.sweep()
    expect(asked).toBe(1)
    await ground.clock.advance(5_000)
    await sessions.sweep()
    expect(asked).toBe(4)
  })

  it('carries on though one session cannot be moved on', async () => {
    const { fleet, sessions } = await begin()
    const first = await ground.playing([ann])
    const second = await ground.playing([bob])
    const { release } = fleet.fleet
    fleet.fleet.release = async (tx, session, why) => {
      if (session === first) throw new Error('planted')
      return release(tx, session, why)
    }
    fleet.lose('server-1')
    await sessions.sweep()
    expect(await ground.shown(first)).toBe('in_progress joined')
    expect(await ground.shown(second)).toBe('abandoned server_lost joined')
    fleet.fleet.release = release
    await sessions.sweep()
    expect(await ground.shown(first)).toBe('abandoned server_lost joined')
  })
})
