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

/** A poll under way, with how long it has been so. */
function polling(who: string, query: string) {
  const beganAt = ground.clock.now()
  const poll = { body: null as Record<string, unknown> | null, tookMs: -1 }
  void ground.first.me(who, query).then((body) => {
    poll.body = body
    poll.tookMs = ground.clock.now() - beganAt
  })
  return poll
}

describe('a poll for the own entry', () => {
  it('waits until its time is over while nothing changes', async () => {
    const { first, pass } = await open()
    await first.join('ann')
    const poll = polling('ann', '?wait_s=5')
    await pass(4_800)
    expect(poll.body).toBeNull()
    await pass(500)
    expect(poll.body).toMatchObject({ status: 'searching' })
  })

  it('answers when the entry is matched, when another accepts, and when it is over', async () => {
    const { first, pass, matchOf } = await open()
    await first.join('ann')
    const searching = polling('ann', '?wait_s=25')
    await pass(300)
    await first.join('bob')
    await pass(500)
    expect(searching.body).toMatchObject({ status: 'match_found', offer: { accepted: 0 } })

    const offered = polling('ann', `?wait_s=25&after=${searching.body?.revision}`)
    await pass(2_000)
    expect(offered.body).toBeNull()
    await first.answer('bob', await matchOf('bob'), 'accept')
    await pass(100)
    expect(offered.body).toMatchObject({ offer: { accepted: 1, you_accepted: false } })

    const over = polling('ann', `?wait_s=25&after=${offered.body?.revision}`)
    await first.answer('ann', await matchOf('bob'), 'decline')
    await pass(100)
    expect(over.body).toMatchObject({ status: 'cancelled', reason: 'declined' })
  })

  it('answers at once what changed between two polls', async () => {
    const { first, pass } = await open()
    const joined = await first.join('ann')
    await first.join('bob')
    await pass(500)
    const poll = polling('ann', `?wait_s=25&after=${joined.body.revision}`)
    await pass(50)
    expect(poll.body).toMatchObject({ status: 'match_found' })
  })

  it('answers news at once to who does not say what was seen, and the same again only after a second', async () => {
    const { first, pass } = await open()
    for (const one of ['ann', 'bob']) await first.join(one)
    await pass(500)
    for (const tookMs of [0, 1_000, 1_000]) {
      const poll = polling('ann', '?wait_s=25')
      await pass(1_200)
      expect(poll).toMatchObject({ body: { status: 'match_found' }, tookMs })
    }
  })

  it('misses nothing and does not spin without saying what was seen', async () => {
    const { first, pass } = await open()
    await first.join('ann')
    await first.join('bob')
    await pass(500)
    let polls = 0
    const seen = new Set<unknown>()
    let goesOn = true
    const looping = (async () => {
      while (goesOn) {
        seen.add((await first.me('ann', '?wait_s=25')).status)
        polls++
      }
    })()
    await pass(10_000)
    expect(polls).toBeGreaterThanOrEqual(9)
    expect(polls).toBeLessThanOrEqual(12)
    goesOn = false
    await first.leave('ann')
    await pass(2_000)
    await looping
    expect(seen).toEqual(new Set(['match_found', 'cancelled']))
  })

  it('finds the change though the hint was lost', async () => {
    const { first, pass, node, soft, clock } = await open({ options: { pollRereadMs: 3_000 } })
    await first.join('ann')
    const deaf = await node('node-deaf', {
      wakes: await (await import('../../platform/wakes.ts')).createWakes({
        ...{ clock, log: ground.log, node: 'node-deaf' },
        soft: { ...soft, subscribe: async () => () => undefined },
      }),
      onMessage: () => undefined,
    })
    let body: Record<string, unknown> | null = null
    void deaf.me('ann', '?wait_s=25').then((answer) => {
      body = answer
    })
    await pass(500)
    await first.join('bob')
    await pass(1_000)
    expect(body).toBeNull()
    await pass(2_500)
    expect(body).toMatchObject({ status: 'match_found' })
  })

  it('follows the player to the next entry', async () => {
    const { first, pass } = await open({ queues: { duel: {}, fun: {} } })
    const before = await first.join('ann')
    const poll = polling('ann', '?wait_s=25')
    await pass(100)
    await first.leave('ann')
    await first.join('ann', 'fun')
    await pass(100)
    expect(poll.body?.entry_id === before.body.entry_id ? poll.body?.status : 'searching').toBe(
      poll.body?.entry_id === before.body.entry_id ? 'cancelled' : 'searching',
    )
    expect(await first.me('ann', `?wait_s=25&after=${before.body.revision}`)).toMatchObject({ queues: ['fun'] })
  })

  it('refuses what is no poll, and more polls than there may be', async () => {
    const { first, pass } = await open({ options: { pollsMax: 1 } })
    await first.join('ann')
    const entry = '/matchmaking/entries/me'
    for (const query of ['?wait_s=61', '?wait_s=-1', '?wait_s=x', '?else=1']) {
      expect((await first.call('ann', 'GET', `${entry}${query}`)).body.code).toBe('INVALID_REQUEST')
    }
    const poll = polling('ann', '?wait_s=5')
    await pass(100)
    expect((await first.call('ann', 'GET', `${entry}?wait_s=5`)).body.code).toBe('BUSY')
    expect((await first.me('ann')).status).toBe('searching')
    await pass(5_000)
    expect(poll.body).toMatchObject({ status: 'searching' })
    expect(await first.metrics.registry.metrics()).toContain('\nmuster_matchmaking_polls_open 0')
  })
})
