import type { SessionId } from '@muster/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type MatchmakingGround,
  type MatchmakingGroundOptions,
  matchmakingGround,
} from '../../../test/support/matchmaking-ground.ts'

let ground: MatchmakingGround
afterEach(() => ground[Symbol.asyncDispose]())

/** Everybody is in one match, which needed no accepting. */
const matched = async (who: string[], given: MatchmakingGroundOptions = {}) => {
  const queues = { duel: { teams: who.length, acceptTimeoutS: 0, window: { initial: 1_000 } } }
  ground = await matchmakingGround({ queues, ...given })
  for (const one of who) await ground.first.join(one)
  await ground.pass(300)
  const match = await ground.matchOf(who[0] ?? '')
  return { ...ground, match, session: await ground.sessionOf(match) }
}
const routeOf = (path: string) => {
  const found = ground.sessions.routes.find(({ contract }) => contract.path === path)
  if (found === undefined) throw new Error(`There is no route ${path}.`)
  return (session: SessionId, body?: object) =>
    found.handle({
      ...{ params: { id: session }, body, caller: { kind: 'report', session }, query: {}, headers: {} },
    } as never)
}
const come = (session: SessionId, ...who: string[]) =>
  routeOf('/sessions/:id/players')(session, { joined: who.map((one) => `player_${one}`) })
const abandon = (session: SessionId) => routeOf('/sessions/:id/abandoned')(session, { reason: 'crashed' })
const eventsOf = async (who: string) =>
  (await ground.pushesOf(who)).map(({ event, data }) => [event, data.reason ?? data.state].filter(Boolean).join(' '))

describe('a session that comes to nothing', () => {
  it('sends its players back to the front with their waiting time, and lets the mode rest', async () => {
    const { pass, first, until, statuses, placeOf, match } = await matched(['ann', 'bob'], { servers: 0 })
    const before = await first.me('ann')
    await until(async () => (await ground.statusOf('ann')) === 'searching no_server')
    const after = await first.me('ann')
    expect(after).toMatchObject({ entry_id: before.entry_id, waiting_since: before.waiting_since })
    expect(await placeOf('ann')).toBe('entry')
    expect((after.why as object[])[0]).toMatchObject({
      ...{ reason: 'NO_SERVER', detail: expect.stringContaining('No registered server had room.') },
      widens_at: expect.any(String),
    })
    expect((await ground.pushesOf('bob')).at(-1)).toMatchObject({
      ...{ event: 'match_cancelled', data: { match_id: match, reason: 'no_server', requeued: true } },
    })
    await pass(1_000)
    expect(await statuses('ann')).toEqual({ ann: 'searching no_server' })
    await pass(2_000)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'match_found', bob: 'match_found' })
  })

  it('tells why, where the server failed before it was ready', async () => {
    const { first, fleet, until } = await matched(['ann', 'bob'], { servers: 1 })
    fleet.lose('server-1', 'The game server could not be started: its program was not found.', 'command_not_found')
    await until(async () => (await ground.statusOf('ann')).startsWith('searching'))
    const { reason, why } = await first.me('ann')
    expect([reason, (why as object[])[0]]).toMatchObject([
      'server_failed',
      { reason: 'SERVER_FAILED', detail: expect.stringContaining('its program was not found.') },
    ])
    expect((await ground.pushesOf('bob')).at(-1)).toMatchObject({ data: { reason: 'server_failed', requeued: true } })
  })

  it('rests longer each time, and goes on at once when a server comes', async () => {
    const { until, wakes, fleet, first, count } = await matched(['ann', 'bob'], { servers: 0 })
    const cancelled = () => count('matchmaking_matches', "state = 'cancelled'")
    await until(async () => (await cancelled()) === 4, 60_000)
    const rests = (await ground.kysely
      .selectFrom('matchmaking_holds' as never)
      .selectAll()
      .executeTakeFirst()) as unknown as { failures: number; until: number }
    expect(rests.failures).toBe(4)
    expect(rests.until - ground.clock.now()).toBeGreaterThan(10_000)
    fleet.add({ capacity: 10 })
    wakes.wake('server', ['server-1'])
    await until(async () => (await first.me('ann')).status === 'match_found', 1_000)
    await ground.pass(500)
    fleet.printReady(await ground.sessionOf(await ground.matchOf('ann')))
    await until(async () => (await first.me('ann')).status === 'match_confirmed', 1_000)
    expect(await count('matchmaking_holds', 'allowance = 2')).toBe(1)
  })

  it('takes back all where the server was not ready in time', async () => {
    const { pass, statuses } = await matched(['ann', 'bob'], { mode: { readyTimeoutS: 3 } })
    await pass(4_500)
    expect(await statuses('ann', 'bob')).toEqual({
      ...{ ann: 'searching server_not_ready', bob: 'searching server_not_ready' },
    })
  })

  it('lets those go who did not come while others did', async () => {
    const { pass, fleet, session, statuses, placeOf, count } = await matched(['ann', 'bob', 'cat'], {
      mode: { loadingTimeoutS: 5 },
    })
    fleet.printReady(session)
    await pass(500)
    expect(await statuses('cat')).toEqual({ cat: 'match_confirmed' })
    await come(session, 'ann', 'bob')
    await pass(6_000)
    expect(await statuses('ann', 'bob', 'cat')).toEqual({
      ...{ ann: 'searching too_few_came', bob: 'searching too_few_came', cat: 'cancelled no_show' },
    })
    expect([await placeOf('ann'), await placeOf('cat')]).toEqual(['entry', 'nowhere'])
    expect(await count('matchmaking_players', "player = 'player_cat' and strikes = 1")).toBe(1)
    expect(await eventsOf('cat')).toEqual(['match_found', 'match_confirmed', 'match_cancelled no_show'])
  })

  it('blames nobody where nobody came', async () => {
    const { pass, until, fleet, session, count } = await matched(['ann', 'bob'], { mode: { loadingTimeoutS: 2 } })
    fleet.printReady(session)
    await pass(500)
    await until(async () => (await eventsOf('ann')).includes('match_cancelled nobody_came'))
    const told = (await ground.pushesOf('bob')).find(({ event }) => event === 'match_cancelled')
    expect(told?.data).toMatchObject({ reason: 'nobody_came', requeued: true })
    expect(await count('matchmaking_players', 'strikes > 0')).toBe(0)
  })

  it('does not take back who gave up the place, and leaves that player alone', async () => {
    const { fleet, session, sessions, pass, statuses, first, placeOf } = await matched(['ann', 'bob'])
    fleet.printReady(session)
    await pass(500)
    const leave = sessions.routes.find(({ contract }) => contract.path === '/sessions/:id/leave')
    await leave?.handle({ params: { id: session }, caller: { kind: 'player', player: 'player_ann' } } as never)
    const anew = await first.join('ann')
    expect(anew.status).toBe(201)
    await pass(1_000)
    expect((await first.me('ann')).entry_id).toBe(anew.body.entry_id)
    expect(await statuses('bob')).toEqual({ bob: expect.stringMatching(/searching too_few_came|match_found/) })
    expect(await placeOf('ann')).not.toBe('nowhere')
    expect(await eventsOf('ann')).toContain('match_cancelled left')
  })
})

describe('a session that is played', () => {
  it.each([0, 20])(
    'is over for its players at once, before matchmaking hears of it (%s s to accept)',
    async (acceptTimeoutS) => {
      ground = await matchmakingGround({ queues: { duel: { acceptTimeoutS, window: { initial: 1_000 } } } })
      const { first, pass, fleet, statuses, placeOf } = ground
      for (const who of ['ann', 'bob']) await first.join(who)
      await pass(300)
      const match = await ground.matchOf('ann')
      if (acceptTimeoutS > 0) for (const who of ['ann', 'bob']) await first.answer(who, match, 'accept')
      const session = await ground.sessionOf(match)
      await pass(500)
      fleet.printReady(session)
      await pass(500)
      await come(session, 'ann', 'bob')
      await first.matchmaking.stop()
      await abandon(session)
      expect(await placeOf('ann')).toBe('nowhere')
      expect(await statuses('ann', 'bob')).toEqual({ ann: 'cancelled abandoned', bob: 'cancelled abandoned' })
    },
  )

  it('is none of who left it, while the others play on', async () => {
    const { first, pass, fleet, session, sessions, statuses } = await matched(['ann', 'bob'])
    fleet.printReady(session)
    await pass(500)
    await come(session, 'ann', 'bob')
    await sessions.leave(session, 'player_ann')
    expect((await first.me('ann')).code).toBe('ENTRY_NOT_FOUND')
    expect(await statuses('bob')).toEqual({ bob: 'match_confirmed' })
  })

  it('lets its players go when it is abandoned, and tells them', async () => {
    const { first, pass, fleet, session, statuses, placeOf } = await matched(['ann', 'bob'])
    fleet.printReady(session)
    await pass(500)
    expect((await first.join('ann')).body.code).toBe('ALREADY_PLAYING')
    expect((await first.leave('ann')).body.code).toBe('ALREADY_PLAYING')
    await come(session, 'ann', 'bob')
    await abandon(session)
    await pass(500)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'cancelled abandoned', bob: 'cancelled abandoned' })
    expect(await eventsOf('bob')).toEqual(['match_found', 'match_confirmed', 'match_completed abandoned'])
    expect(await placeOf('ann')).toBe('nowhere')
    expect((await first.join('ann')).status).toBe(201)
  })

  it('lets its players go when it is completed', async () => {
    const { pass, fleet, session, sessions, db, statuses } = await matched(['ann', 'bob'])
    fleet.printReady(session)
    await pass(500)
    await come(session, 'ann', 'bob')
    await pass(200)
    expect(await db.transact((tx) => sessions.finish(tx, session))).toMatchObject({ kind: 'finished' })
    await pass(500)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'cancelled completed', bob: 'cancelled completed' })
    expect(await eventsOf('ann')).toEqual(['match_found', 'match_confirmed', 'match_completed completed'])
  })

  it('is found to be over though every hint was lost', async () => {
    const { pass, fleet, session, sessions, db, statuses, wakes, first } = await matched(['ann', 'bob'])
    await wakes[Symbol.asyncDispose]()
    await first.wakes[Symbol.asyncDispose]()
    fleet.printReady(session)
    await pass(3_000)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'match_confirmed', bob: 'match_confirmed' })
    await come(session, 'ann', 'bob')
    await pass(16_000)
    await db.transact((tx) => sessions.finish(tx, session))
    await pass(16_000)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'cancelled completed', bob: 'cancelled completed' })
  })

  it('is told to all of its players or to none', async () => {
    let admits = false
    ground = await matchmakingGround({ queues: { duel: { acceptTimeoutS: 0 } } })
    await ground.first.matchmaking.stop()
    const shy = await ground.node('node-b', {
      admissionOf: async (session, player) =>
        player === 'player_bob' && !admits ? null : ground.sessions.admissionOf(session, player),
    })
    for (const one of ['ann', 'bob']) await shy.join(one)
    await ground.pass(500)
    ground.fleet.printReady(await ground.sessionOf(await ground.matchOf('ann')))
    await ground.pass(2_000)
    expect([(await shy.me('ann')).status, await eventsOf('ann')]).toEqual(['match_found', ['match_found']])
    admits = true
    await ground.pass(2_000)
    expect((await shy.me('ann')).status).toBe('match_confirmed')
    expect([await eventsOf('ann'), await eventsOf('bob')]).toEqual(Array(2).fill(['match_found', 'match_confirmed']))
  })
})
