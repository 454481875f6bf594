import { afterEach, describe, expect, it } from 'vitest'
import {
  type MatchmakingGround,
  type MatchmakingGroundOptions,
  matchmakingGround,
} from '../../../test/support/matchmaking-ground.ts'

let ground: MatchmakingGround
afterEach(() => ground[Symbol.asyncDispose]())
const open = async (given: MatchmakingGroundOptions = {}) => {
  ground = await matchmakingGround(given)
  return ground
}
const joinAll = async (...who: string[]) => {
  for (const one of who) expect((await ground.first.join(one)).status).toBe(201)
}

describe('from the queue to the session', () => {
  it('offers a match to both, opens a session once both accept, and tells both at once where to play', async () => {
    const { first, pass, statuses, matchOf, sessionOf, fleet, pushesOf, placeOf } = await open()
    await joinAll('ann', 'bob')
    await pass(500)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'match_found', bob: 'match_found' })
    const match = await matchOf('ann')
    expect(await matchOf('bob')).toBe(match)

    expect((await first.answer('ann', match, 'accept')).body).toEqual({ status: 'match_found' })
    expect((await first.answer('bob', match, 'accept')).body).toEqual({ status: 'match_found' })
    await pass(500)
    const session = await sessionOf(match)
    expect(await placeOf('ann')).toBe('session')
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'match_found', bob: 'match_found' })

    fleet.printReady(session)
    await pass(500)
    expect(await first.me('ann')).toMatchObject({
      ...{ status: 'match_confirmed', ticket: expect.any(String) },
      match: { match_id: match, session_id: session, nicknames: { player_ann: 'ann', player_bob: 'bob' } },
    })
    expect(await statuses('bob')).toEqual({ bob: 'match_confirmed' })
    for (const one of ['ann', 'bob']) {
      const pushes = await pushesOf(one)
      expect(pushes.map(({ event }) => event)).toEqual(['match_found', 'match_confirmed'])
      expect(pushes[1]?.data).toMatchObject({ match: { session_id: session }, ticket: expect.any(String) })
    }
    expect((await first.answer('ann', match, 'accept')).body).toEqual({ status: 'match_confirmed' })
  })

  it('opens the session at once where matches need no accepting', async () => {
    const { first, pass, matchOf, sessionOf, fleet, statuses, placeOf } = await open({
      queues: { duel: { acceptTimeoutS: 0 } },
    })
    await joinAll('ann', 'bob')
    await pass(500)
    expect((await first.me('ann')).status).toBe('match_found')
    expect(await placeOf('bob')).toBe('session')
    fleet.printReady(await sessionOf(await matchOf('ann')))
    await pass(500)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'match_confirmed', bob: 'match_confirmed' })
  })

  it('pairs those whose ratings lie near, and others once their windows have widened', async () => {
    const { pass, statuses, ratings, until } = await open({
      queues: { duel: { board: 'duel', window: { initial: 50, perSecond: 20 } } },
    })
    ratings.set('player_ann', 1_000).set('player_bob', 1_200).set('player_cat', 1_030)
    await joinAll('ann', 'bob', 'cat')
    await pass(500)
    expect(await statuses('ann', 'bob', 'cat')).toEqual({ ann: 'match_found', bob: 'searching', cat: 'match_found' })
    ratings.set('player_dan', 1_400)
    await joinAll('dan')
    await pass(5_000)
    expect(await statuses('bob', 'dan')).toEqual({ bob: 'searching', dan: 'searching' })
    await until(async () => (await ground.statusOf('dan')) === 'match_found', 5_000)
    expect(await statuses('bob')).toEqual({ bob: 'match_found' })
  })

  it('makes teams, and seats the players as the match says', async () => {
    const { first, pass, matchOf, sessionOf, sessions } = await open({
      queues: { duel: { teams: 2, teamSize: 2, acceptTimeoutS: 0 } },
    })
    await joinAll('ann', 'bob', 'cat')
    await pass(500)
    expect((await first.me('ann')).status).toBe('searching')
    await joinAll('dan')
    await pass(500)
    const view = (await sessions.viewOf([await sessionOf(await matchOf('ann'))])).values().next().value
    expect(view?.seats.map(({ team }) => team).sort()).toEqual([0, 0, 1, 1])
    expect(new Set(view?.seats.map(({ player }) => player)).size).toBe(4)
  })

  it('begins with fewer where the queue allows it, after the wait', async () => {
    const { pass, statuses } = await open({
      queues: { duel: { teams: 4, playersMin: 3, fewerAfterS: 5, window: { initial: 1_000 } } },
    })
    await joinAll('ann', 'bob', 'cat')
    await pass(4_500)
    expect(await statuses('ann')).toEqual({ ann: 'searching' })
    await pass(2_500)
    expect(await statuses('ann', 'bob', 'cat')).toEqual({
      ...{ ann: 'match_found', bob: 'match_found', cat: 'match_found' },
    })
  })

  it('takes who is matched in one queue out of the others', async () => {
    const { first, pass, statuses } = await open({ queues: { duel: {}, fun: { mode: 'party' } } })
    await first.join('ann', 'duel', 'fun')
    await first.join('bob', 'duel')
    await pass(500)
    await first.join('cat', 'fun')
    await pass(1_000)
    expect(await statuses('ann', 'bob', 'cat')).toEqual({ ann: 'match_found', bob: 'match_found', cat: 'searching' })
  })

  it('plays where the players are near, of the regions that there are', async () => {
    const { first, pass, matchOf, sessionOf, sessions } = await open({
      queues: { duel: { acceptTimeoutS: 0, regions: ['eu', 'us'] } },
    })
    const near = (latencies_ms: object) => ({ queues: ['duel'], latencies_ms })
    await first.call('ann', 'POST', '/matchmaking/entries', near({ eu: 30, us: 90, moon: 1 }))
    await first.call('bob', 'POST', '/matchmaking/entries', near({ eu: 70, us: 80, moon: 1 }))
    await pass(500)
    const session = await sessionOf(await matchOf('ann'))
    expect((await sessions.viewOf([session])).get(session)?.region).toBe('eu')
  })

  it('tells how long waiting took of late', async () => {
    const { first, pass } = await open({ queues: { duel: { window: { initial: 1_000 } } } })
    await joinAll('ann')
    await pass(4_000)
    await joinAll('bob')
    await pass(2_000)
    const { body } = await first.call(null, 'GET', '/queues')
    expect(body).toMatchObject({ queues: [{ name: 'duel', players_waiting: 0, accept_timeout_s: 15 }] })
    const [queue] = body.queues as { estimate_s: number }[]
    expect(queue?.estimate_s).toBeGreaterThan(3)
    expect((await first.join('cat')).body.estimate_s).toBe(queue?.estimate_s)
    const metrics = await first.metrics.registry.metrics()
    expect(metrics).toContain('muster_matchmaking_matches_total{queue="duel"} 1')
    expect(metrics).toContain('muster_matchmaking_joins_total{queue="duel"} 3')
    expect(metrics).toContain('\nmuster_matchmaking_lease_held 1')
  })

  it('makes a thousand matches of those who came at once', async () => {
    const { first, until, count } = await open({ options: { proposalBatchMax: 64, passMatchesMax: 150 } })
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, at) => first.join(`p${at}`)))
    expect(answers.every(({ status }) => status === 201)).toBe(true)
    await until(async () => (await count('matchmaking_entries', "state = 'searching'")) === 0, 20_000)
    expect(await count('matchmaking_matches')).toBe(500)
    expect(await count('matchmaking_entries', "state = 'matched' and version = 2")).toBe(1_000)
  })
})
