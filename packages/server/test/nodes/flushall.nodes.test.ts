import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type NodesGround, nodesGround } from './ground.ts'
import { redisIsThere } from './redis.ts'

let ground: NodesGround
const stages = ['search', 'offer', 'loading', 'play'] as const
/** What every sweep and every open poll makes up for by itself. */
const backWithinMs = 8_000

describe.skipIf(!redisIsThere())('FLUSHALL', () => {
  beforeAll(async () => {
    ground = await nodesGround()
  }, 120_000)
  afterAll(() => ground?.[Symbol.asyncDispose]())

  it.each(stages)('breaks nothing during %s, and service is back in seconds', async (flushedAt) => {
    const { guest, same, sessionOf, cluster } = ground
    const flush = async (stage: (typeof stages)[number]) => {
      if (stage !== flushedAt) return
      await cluster.redis?.flush()
      const flushedAtMs = performance.now()
      await (await guest(1)).me()
      expect(performance.now() - flushedAtMs).toBeLessThan(backWithinMs)
    }
    const within = <T>(what: string, look: () => Promise<T | undefined | false>) => eventually(what, look, backWithinMs)

    const [ann, bob] = await Promise.all([guest(0), guest(1)])
    await ann.join({ queues: ['arena'] })
    await flush('search')
    await bob.join({ queues: ['arena'] })
    const offer = await within('ann is offered a match', async () => (await same(ann, 2).entry()).offer)
    await flush('offer')
    await ann.accept(offer.match_id)
    await same(bob, 2).accept(offer.match_id)
    const [forAnn, forBob] = await Promise.all([ann.followMatch(), bob.followMatch()])
    const session = await sessionOf(forAnn)
    await flush('loading')
    expect(session.admit(forAnn.ticket).ok).toBe(true)
    expect(session.admit(forBob.ticket).ok).toBe(true)
    await session.started()
    await flush('play')
    const teams = [ann, bob].map(({ userId }, at) => ({ players: [userId as `player_${string}`], rank: at + 1 }))
    await session.result({ teams })
    await within('both have heard that it is over', async () =>
      (await Promise.all([ann.entry(), same(bob, 0).entry()])).every(({ status }) => status === 'cancelled'),
    )
    expect((await ann.results({ session: session.id })).results).toHaveLength(1)
    expect(await cluster.muster('fsck')).toMatchObject({ code: 0 })
  })
})
