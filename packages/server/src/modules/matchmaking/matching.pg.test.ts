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

describe('from the queue to the session', () => {
  it('offers a match to both, opens a session once both accept, and tells both at once where to play', async () => {
    const { first, pass, statuses, matchOf, sessionOf, fleet, sessions, pushesOf, placeOf } = await open()
    expect((await first.join('ann')).status).toBe(201)
    expect((await first.join('bob')).status).toBe(201)
    await pass(500)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'match_found', bob: 'match_found' })
    const match = await matchOf('ann')
    expect(await matchOf('bob')).toBe(match)

    expect((await first.answer('ann', match, 'accept')).body).toEqual({ status: 'match_found' })
    expect((await first.answer('bob', match, 'accept')).body).toEqual({ status: 'match_found' })
    await pass(500)
    const session = await sessionOf(match)
    expect(await placeOf('ann')).toBe('session')
    expect(fleet.allocations.has(session)).toBe(true)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'match_found', bob: 'match_found' })

    fleet.printReady(session)
    await pass(500)
    const told = await first.me('ann')
    expect(told).toMatchObject({ status: 'match_confirmed', match: { match_id: match, session_id: session } })
    expect(await statuses('bob')).toEqual({ bob: 'match_confirmed' })
    for (const one of ['ann', 'bob']) {
      const pushes = await pushesOf(one)
      expect(pushes.map(({ event }) => event)).toEqual(['match_found', 'match_confirmed'])
      expect(pushes[1]?.data).toMatchObject({ match: { session_id: session }, ticket: expect.any(String) })
    }
    expect((await sessions.viewOf([session])).get(session)?.state).toBe('loading')
  })
})
