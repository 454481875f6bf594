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
const entries = '/matchmaking/entries'

describe('joining', () => {
  it('answers with the entry', async () => {
    const { first, clock } = await open({ queues: { duel: {}, fun: {} } })
    const at = new Date(clock.now()).toISOString()
    expect(await first.join('ann', 'duel', 'fun')).toMatchObject({
      status: 201,
      body: {
        entry_id: expect.stringMatching(/^entry_/),
        status: 'searching',
        queues: ['duel', 'fun'],
        created_at: at,
      },
    })
    expect((await first.me('ann')).waiting_since).toBe(at)
  })

  it.each([
    [{}, 'body.queues'],
    [{ queues: [] }, 'body.queues'],
    [{ queues: ['duel', 'duel'] }, 'body.queues'],
    [{ queues: ['duel; drop table'] }, 'body.queues.0'],
    [{ queues: ['duel'], latencies_ms: { eu: -1 } }, 'body.latencies_ms.eu'],
    [{ queues: ['duel'], extra: 1 }, 'body.extra'],
  ])('refuses %j', async (body, field) => {
    const { first, count } = await open()
    const answer = await first.call('ann', 'POST', entries, body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
    expect(JSON.stringify(answer.body.errors)).toContain(field)
    expect(await count('matchmaking_entries')).toBe(0)
  })

  it('refuses strangers, queues that do not exist, and guests where they may not play', async () => {
    const { first, count } = await open({ queues: { duel: { guests: false }, fun: {} } })
    expect((await first.call(null, 'POST', entries, { queues: ['duel'] })).status).toBe(401)
    expect(await first.join('ann', 'nope')).toMatchObject({ status: 404, body: { code: 'QUEUE_NOT_FOUND' } })
    expect(await first.join('ann', 'constructor')).toMatchObject({ status: 404 })
    expect(await first.join('guest-eve', 'fun', 'duel')).toMatchObject({
      ...{ status: 403, body: { code: 'GUESTS_NOT_ALLOWED' } },
    })
    expect(await count('presence_places')).toBe(0)
    expect((await first.join('guest-eve', 'fun')).status).toBe(201)
  })

  it('makes one entry of two hundred requests at once, here and on another node', async () => {
    const { first, node, quiet, count } = await open({ queues: { duel: {}, fun: {} } })
    const second = await node('node-b')
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        (at % 2 === 0 ? first : second).join('ann', ...(at % 3 === 0 ? ['duel'] : ['fun'])),
      ),
    )
    await quiet()
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(new Set(answers.filter(({ status }) => status !== 201).map(({ body }) => body.code))).toEqual(
      new Set(['ALREADY_SEARCHING']),
    )
    expect([await count('matchmaking_entries'), await count('presence_places')]).toEqual([1, 1])
  })

  it('gives a repeated request the same entry, also when its answer was lost', async () => {
    const { first, kysely, pass } = await open()
    const ask = () => first.call('ann', 'POST', entries, { queues: ['duel'] }, { 'idempotency-key': 'k1' })
    const forgetAnswer = () =>
      kysely
        .updateTable('platform_idempotency' as never)
        .set({ answer: null, running_until: null } as never)
        .execute()
    const before = await ask()
    expect((await ask()).body).toEqual(before.body)
    await forgetAnswer()
    expect((await ask()).body.entry_id).toBe(before.body.entry_id)
    await forgetAnswer()
    await first.leave('ann')
    await pass(100)
    expect((await ask()).body).toMatchObject({ entry_id: before.body.entry_id, status: 'cancelled', reason: 'left' })
    expect(await ground.placeOf('ann')).toBe('nowhere')
  })

  it('is refused while somebody plays or waits, and taken after leaving', async () => {
    const { first, pass } = await open({ queues: { duel: { acceptTimeoutS: 0 }, fun: {} } })
    await first.join('ann')
    expect((await first.join('ann', 'fun')).body.code).toBe('ALREADY_SEARCHING')
    expect((await first.leave('ann')).status).toBe(204)
    expect((await first.join('ann', 'fun')).status).toBe(201)
    expect((await first.leave('ann')).status).toBe(204)
    for (const one of ['ann', 'bob']) await first.join(one)
    await pass(500)
    expect((await first.join('bob')).body.code).toBe('ALREADY_PLAYING')
  })

  it('is refused while more would wait than may', async () => {
    const { first, pass } = await open({ queues: { duel: { teams: 9 } }, options: { entriesMax: 2 } })
    for (const one of ['ann', 'bob']) expect((await first.join(one)).status).toBe(201)
    await pass(2_500)
    expect(await first.join('cat')).toMatchObject({
      ...{ status: 503, body: { code: 'BUSY' }, headers: { 'retry-after': '5' } },
    })
  })

  it('lists the queues', async () => {
    const { first, pass } = await open({
      queues: { duel: { teams: 3 }, team: { teams: 2, teamSize: 5, acceptTimeoutS: 0, board: 'b' } },
    })
    await first.join('ann', 'duel', 'team')
    await pass(2_000)
    const one = { modes: ['duel'], players_waiting: 1, estimate_s: null }
    expect((await first.call(null, 'GET', '/queues')).body).toEqual({
      queues: [
        { ...one, name: 'duel', teams: 3, team_size: 1, accept_timeout_s: 15, board: null },
        { ...one, name: 'team', teams: 2, team_size: 5, accept_timeout_s: null, board: 'b' },
      ],
    })
  })
})

describe('leaving', () => {
  it('frees the player, and says so', async () => {
    const { first, pass, statusOf, placeOf, pushesOf } = await open()
    await first.join('ann')
    await pass(300)
    expect((await first.leave('ann')).status).toBe(204)
    await first.join('bob')
    await pass(500)
    expect([await statusOf('ann'), await statusOf('bob')]).toEqual(['cancelled left', 'searching'])
    expect(await placeOf('ann')).toBe('nowhere')
    expect(await pushesOf('ann')).toMatchObject([
      { event: 'match_cancelled', data: { match_id: null, reason: 'left', requeued: false } },
    ])
  })

  it('is refused where there is nothing to leave', async () => {
    const { first } = await open()
    expect(await first.leave('ann')).toMatchObject({ status: 404, body: { code: 'ENTRY_NOT_FOUND' } })
    expect(await first.call('ann', 'GET', `${entries}/me`)).toMatchObject({ body: { code: 'ENTRY_NOT_FOUND' } })
    expect((await first.call(null, 'DELETE', `${entries}/me`)).status).toBe(401)
  })

  it('of two hundred at once happens once', async () => {
    const { first, quiet, count } = await open()
    await first.join('ann')
    const answers = await Promise.all(Array.from({ length: 200 }, () => first.leave('ann')))
    await quiet()
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(await count('presence_pushes')).toBe(1)
  })
})

describe('answers', () => {
  it('are refused where the match is not one', async () => {
    const { first } = await open()
    expect((await first.answer('ann', 'nonsense', 'accept')).status).toBe(400)
    expect((await first.answer('ann', 'match_0', 'decline')).body.code).toBe('MATCH_NOT_FOUND')
  })
})

describe('messages on the gateway socket', () => {
  it('do the same', async () => {
    const { first, pass, matchOf, statusOf } = await open()
    const say = (who: string, event: string, data: unknown) =>
      first.messages.get(event)?.({ kind: 'player', player: `player_${who}`, guest: false } as never, data)
    expect(await say('ann', 'queue_join', { queues: ['duel'] })).toMatchObject({ status: 'searching' })
    await expect(say('ann', 'queue_join', { queues: ['duel'] })).rejects.toMatchObject({ code: 'ALREADY_SEARCHING' })
    await say('bob', 'queue_join', { queues: ['duel'] })
    await pass(500)
    const match_id = await matchOf('ann')
    expect(await say('ann', 'match_accept', { match_id })).toEqual({ status: 'match_found' })
    expect(await say('bob', 'match_decline', { match_id })).toEqual({ status: 'cancelled' })
    expect(await say('ann', 'queue_leave', undefined)).toEqual({})
    expect(await statusOf('ann')).toBe('cancelled left')
  })
})
