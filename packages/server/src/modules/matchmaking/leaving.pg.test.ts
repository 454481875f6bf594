import { afterEach, describe, expect, it } from 'vitest'
import {
  type MatchmakingGround,
  type MatchmakingGroundOptions,
  matchmakingGround,
} from '../../../test/support/matchmaking-ground.ts'

let ground: MatchmakingGround
afterEach(() => ground[Symbol.asyncDispose]())

/** Two who were matched and need not accept. */
const matched = async (given: MatchmakingGroundOptions = {}) => {
  ground = await matchmakingGround({ queues: { duel: { acceptTimeoutS: 0 } }, ...given })
  for (const one of ['ann', 'bob']) await ground.first.join(one)
  await ground.pass(300)
  return { ...ground, match: await ground.matchOf('ann') }
}

describe('leaving once a match is made', () => {
  it.each([
    ['found', 0],
    ['started', 1],
  ])('gives the place up while a server is being %s', async (_, servers) => {
    const { first, pass, statuses, statusOf, placeOf, pushesOf } = await matched({ servers })
    expect(await placeOf('ann')).toBe('session')
    expect((await first.leave('ann')).status).toBe(204)
    expect([await statusOf('ann'), await placeOf('ann')]).toEqual(['cancelled left', 'nowhere'])
    await pass(200)
    expect(await statuses('bob')).toEqual({ bob: 'searching too_few_came' })
    expect((await pushesOf('ann')).at(-1)).toMatchObject({ event: 'match_cancelled', data: { reason: 'left' } })
    expect((await first.leave('ann')).body.code).toBe('ENTRY_NOT_FOUND')
    expect((await first.join('ann')).status).toBe(201)
  })

  it('is held against the player like a decline, whenever the match falls through by it', async () => {
    const declinePause = { free: 1, firstS: 20 }
    const { first, fleet, pass, sessions, sessionOf, count } = await matched({
      queues: { duel: { acceptTimeoutS: 0, declinePause } },
    })
    const leaveSession = async (who: string) =>
      sessions.leave(await sessionOf(await ground.matchOf(who)), `player_${who}`)
    fleet.printReady(await sessionOf(await ground.matchOf('ann')))
    await pass(500)
    await leaveSession('ann')
    await pass(500)
    expect((await first.join('ann')).status).toBe(201)
    await pass(500)
    expect((await first.leave('ann')).status).toBe(204)
    expect(await first.join('ann')).toMatchObject({ body: { code: 'PAUSED' }, headers: { 'retry-after': '20' } })
    expect(await count('matchmaking_players', "strikes > 0 and player <> 'player_ann'")).toBe(0)
  })

  it('is forgotten with the player who is erased', async () => {
    const { db, first, sessions, pass, statusOf, count } = await matched()
    await db.transact(async (tx) => {
      await first.matchmaking.personal.erase(tx, 'player_ann')
      await sessions.personal.erase(tx, 'player_ann')
    })
    await pass(500)
    expect(await statusOf('bob')).toBe('searching too_few_came')
    expect(await count('matchmaking_players', 'strikes > 0')).toBe(0)
  })

  it('leaves the others to play where they are enough without that player', async () => {
    const { first, fleet, match, sessionOf, pass, statusOf, placeOf } = await matched({ mode: { playersMin: 1 } })
    expect((await first.leave('ann')).status).toBe(204)
    fleet.printReady(await sessionOf(match))
    await pass(500)
    expect([await statusOf('bob'), await placeOf('ann')]).toEqual(['match_confirmed', 'nowhere'])
  })

  it('works by the queue where the session comes to nothing at the same moment', async () => {
    const { first, until, statusOf, placeOf, sessions } = await matched({ servers: 0 })
    const [left] = await Promise.all([first.leave('ann'), sessions.sweep()])
    expect(left.status).toBe(204)
    await until(async () => (await statusOf('bob')).startsWith('searching'))
    expect([await statusOf('ann'), await placeOf('ann')]).toEqual(['cancelled left', 'nowhere'])
  })

  it('is done in the session by whoever was told where to play', async () => {
    const { first, fleet, match, sessionOf, pass } = await matched()
    fleet.printReady(await sessionOf(match))
    await pass(500)
    expect(await first.leave('ann')).toMatchObject({ status: 409, body: { code: 'ALREADY_PLAYING' } })
  })
})

describe('an entry whose match is made', () => {
  it('shows an offer only while the match waits for answers', async () => {
    const { first } = await matched()
    const found = await first.me('ann')
    expect(found.status).toBe('match_found')
    expect(found).not.toHaveProperty('offer')
    await ground[Symbol.asyncDispose]()

    ground = await matchmakingGround({ queues: { duel: { acceptTimeoutS: 15 } }, servers: 0 })
    for (const one of ['ann', 'bob']) await ground.first.join(one)
    await ground.pass(300)
    const match = await ground.matchOf('ann')
    await ground.first.answer('ann', match, 'accept')
    expect((await ground.first.me('ann')).offer).toMatchObject({ you_accepted: true, expires_at: expect.any(String) })
    await ground.first.answer('bob', match, 'accept')
    expect(await ground.first.me('ann')).not.toHaveProperty('offer')
  })
})
