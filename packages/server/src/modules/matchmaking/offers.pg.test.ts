import { afterEach, describe, expect, it } from 'vitest'
import {
  type MatchmakingGround,
  type MatchmakingGroundOptions,
  matchmakingGround,
} from '../../../test/support/matchmaking-ground.ts'

let ground: MatchmakingGround
afterEach(() => ground[Symbol.asyncDispose]())

/** Everybody joins, and all of them are offered one match. */
const offered = async (who: string[], given: MatchmakingGroundOptions = {}) => {
  const queues = { duel: { teams: who.length, acceptTimeoutS: 15, window: { initial: 1_000 }, ...given.queues?.duel } }
  ground = await matchmakingGround({ ...given, queues })
  for (const one of who) await ground.first.join(one)
  await ground.pass(500)
  return { ...ground, match: await ground.matchOf(who[0] ?? '') }
}

describe('a match that is declined', () => {
  it('lets who declined go, and takes the others back to the front with their waiting time', async () => {
    const { first, match, statusOf, pushesOf, placeOf, quiet } = await offered(['ann', 'bob', 'cat'])
    const before = await first.me('ann')
    await first.answer('ann', match, 'accept')
    const declined = await first.answer('bob', match, 'decline')
    expect(declined).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    await quiet()
    expect(await statusOf('bob')).toBe('cancelled declined')
    expect(await placeOf('bob')).toBe('nowhere')
    const after = await first.me('ann')
    expect(after).toMatchObject({ status: 'searching', reason: 'declined', waiting_since: before.waiting_since })
    expect(await ground.entry(after.entry_id as never)).toMatchObject({ front: true, state: 'searching' })
    expect((await pushesOf('cat')).at(-1)).toMatchObject({
      ...{ event: 'match_cancelled', data: { match_id: match, reason: 'declined', requeued: true } },
    })
    expect((await pushesOf('bob')).at(-1)).toMatchObject({ data: { reason: 'declined', requeued: false } })
  })

  it('comes before newcomers when they are matched anew', async () => {
    const { first, match, pass, statuses } = await offered(['ann', 'bob'])
    await first.answer('bob', match, 'decline')
    for (const one of ['cat', 'dan']) await first.join(one)
    await pass(500)
    const found = await statuses('ann', 'cat', 'dan')
    expect(found.ann).toBe('match_found')
    expect(Object.values(found).sort()).toEqual(['match_found', 'match_found', 'searching'])
  })

  it('may be declined by leaving', async () => {
    const { first, statusOf } = await offered(['ann', 'bob'])
    expect((await first.leave('ann')).status).toBe(204)
    expect(await statusOf('ann')).toBe('cancelled declined')
    expect(await statusOf('bob')).toBe('searching declined')
    expect((await first.leave('ann')).body.code).toBe('ENTRY_NOT_FOUND')
  })

  it('may be declined again, but not accepted any more', async () => {
    const { first, match } = await offered(['ann', 'bob'])
    for (let times = 0; times < 2; times++) {
      expect((await first.answer('ann', match, 'decline')).body).toEqual({ status: 'cancelled' })
    }
    expect(await first.answer('ann', match, 'accept')).toMatchObject({ status: 409, body: { code: 'MATCH_EXPIRED' } })
    expect(await first.answer('bob', match, 'accept')).toMatchObject({ status: 409, body: { code: 'MATCH_EXPIRED' } })
    expect((await first.answer('eve', match, 'accept')).body.code).toBe('MATCH_NOT_FOUND')
    expect((await first.answer('ann', 'match_00', 'accept')).body.code).toBe('MATCH_NOT_FOUND')
  })
})

describe('a match that runs out', () => {
  it('lets the silent go, and takes back those who accepted', async () => {
    const { first, match, pass, statuses, pushesOf, count } = await offered(['ann', 'bob', 'cat'])
    await first.answer('ann', match, 'accept')
    await pass(14_000)
    expect(await statuses('bob')).toEqual({ bob: 'match_found' })
    await pass(2_000)
    expect(await statuses('ann', 'bob', 'cat')).toEqual({
      ...{ ann: 'searching no_answer', bob: 'cancelled no_answer', cat: 'cancelled no_answer' },
    })
    expect((await first.answer('ann', match, 'accept')).body.code).toBe('MATCH_EXPIRED')
    expect((await first.answer('bob', match, 'decline')).body.code).toBe('MATCH_EXPIRED')
    expect((await pushesOf('ann')).at(-1)).toMatchObject({ event: 'match_cancelled', data: { requeued: true } })
    expect(await count('presence_places')).toBe(1)
  })

  it('takes everybody back where Muster itself was away', async () => {
    const { first, pass, clock } = await offered(['ann', 'bob'])
    await first.matchmaking.stop()
    await clock.advance(60_000)
    const again = await ground.node('node-b')
    await pass(1_000)
    expect((await again.me('ann')).status).toBe('match_found')
    expect((await again.me('bob')).status).toBe('match_found')
    expect((await ground.pushesOf('bob')).map(({ data }) => data.reason)).toContain('interrupted')
  })
})

describe('two hundred at once', () => {
  it('accepting: one session, whoever asks how often', async () => {
    const { first, match, quiet, count } = await offered(['ann', 'bob'])
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => first.answer(at % 2 === 0 ? 'ann' : 'bob', match, 'accept')),
    )
    await quiet()
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await count('sessions_sessions')).toBe(1)
    expect(await count('matchmaking_entries', "state = 'confirmed' and version = 3")).toBe(2)
  })

  it('accepting and declining: one outcome', async () => {
    const { first, match, quiet, count } = await offered(['ann', 'bob'])
    await first.answer('ann', match, 'accept')
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => first.answer('bob', match, at % 2 === 0 ? 'accept' : 'decline')),
    )
    await quiet()
    const sessions = await count('sessions_sessions')
    const cancelled = await count('matchmaking_matches', "state = 'cancelled'")
    expect(sessions + cancelled).toBe(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30)
    expect(await count('matchmaking_entries', "state in ('matched')")).toBe(0)
  })

  it('the last moment: accepted in time, or run out, never both', async () => {
    const { first, match, pass, quiet, clock, count, statuses } = await offered(['ann', 'bob'])
    await first.answer('ann', match, 'accept')
    await pass(14_400)
    const late = [first.answer('bob', match, 'accept'), clock.advance(1_000)] as const
    const [answer] = await Promise.all(late)
    await quiet()
    await pass(1_000)
    const sessions = await count('sessions_sessions')
    expect(sessions).toBe(answer.status === 200 ? 1 : 0)
    const { bob } = await statuses('bob')
    expect(bob).toBe(answer.status === 200 ? 'match_found' : 'cancelled no_answer')
  })
})

describe('the pause of those who let matches fall through', () => {
  it('grows, is told, and keeps nobody who never did', async () => {
    const { first, pass } = await offered(['ann', 'bob'], {
      queues: { duel: { declinePause: { free: 1, firstS: 20, factor: 3, maxS: 50, forgetS: 1_000 } } },
    })
    const declineNext = async () => {
      const { body } = await first.join('ann')
      if (body.status === 'searching') await pass(500)
      await first.answer('ann', await ground.matchOf('ann'), 'decline')
      return first.join('ann')
    }
    await first.answer('ann', await ground.matchOf('ann'), 'decline')
    const refused = await declineNext()
    expect(refused).toMatchObject({ status: 409, body: { code: 'PAUSED' }, headers: { 'retry-after': '20' } })
    await pass(19_900)
    expect((await first.join('ann')).status).toBe(409)
    await pass(200)
    expect((await declineNext()).headers['retry-after']).toBe('50')
    expect((await first.me('bob')).status).toBe('searching')
  })
})
