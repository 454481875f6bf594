import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type NodesGround, nodesGround } from './ground.ts'

let ground: NodesGround
beforeAll(async () => {
  ground = await nodesGround()
}, 120_000)
afterAll(() => ground?.[Symbol.asyncDispose]())

const queues = { queues: ['arena'] }

describe('several nodes', () => {
  it('take any request each: every step of one match on another node', async () => {
    const { guest, same, sessionOf, cluster } = ground
    const [ann, bob] = await Promise.all([guest(0), guest(1)])
    await same(ann, 1).join(queues)
    await same(bob, 2).join(queues)
    const offer = await eventually('ann is offered a match', async () => (await same(ann, 2).entry()).offer)
    await same(ann, 0).accept(offer.match_id)
    await same(bob, 1).accept(offer.match_id)
    const [forAnn, forBob] = await Promise.all([same(ann, 2).followMatch(), same(bob, 0).followMatch()])
    expect(forAnn.match).toEqual(forBob.match)

    const session = await sessionOf(forAnn)
    const fresh = await same(bob, 2).ticket(session.id)
    expect(session.admit(forAnn.ticket).ok).toBe(true)
    expect(session.admit(fresh.ticket).ok).toBe(true)
    await session.started()
    const winner = ann.userId as `player_${string}`
    const loser = bob.userId as `player_${string}`
    await session.result({
      teams: [
        { players: [winner], rank: 1 },
        { players: [loser], rank: 2 },
      ],
    })
    for (const node of [0, 1, 2]) {
      expect(await same(ann, node).session(session.id)).toMatchObject({ state: 'completed' })
      const { rows } = await same(bob, node).leaderboard('arena')
      expect(rows.map(({ player_id, won }) => [player_id, won])).toEqual([
        [winner, 1],
        [loser, 0],
      ])
    }
    expect(cluster.balancer.healthy()).toEqual(['node-1', 'node-2', 'node-3'])
  })

  it('reach a player whose socket is on another node', async () => {
    const { guest, same } = ground
    const [ann, bob] = await Promise.all([guest(0), guest(1)])
    const heard: string[] = []
    const sockets = [
      { name: 'ann', gateway: same(ann, 2).connect() },
      { name: 'bob', gateway: same(bob, 0).connect() },
    ]
    for (const { name, gateway } of sockets) {
      for (const event of ['match_found', 'match_cancelled'] as const)
        gateway.on(event, () => heard.push(`${name} ${event}`))
    }
    await Promise.all(
      sockets.map(({ gateway }) => new Promise<void>((resolve) => gateway.on('welcome', () => resolve()))),
    )
    await ann.join(queues)
    await bob.join(queues)
    const both = (event: string) =>
      eventually(
        `both hear ${event}`,
        async () => ['ann', 'bob'].every((name) => heard.includes(`${name} ${event}`)),
        5_000,
      )
    await both('match_found')
    const { offer } = await same(ann, 1).entry()
    await same(ann, 1).decline(offer?.match_id ?? '')
    await both('match_cancelled')
    for (const { gateway } of sockets) gateway.close()
    await same(bob, 2).leave()
  })

  it('go on matching within seconds when the one that matches is killed', async () => {
    const { guest, holder, on } = ground
    const before = await holder(10_000)
    const left = [0, 1, 2].filter((node) => on(node).url !== before.node.url)
    const [first = 0, second = 1] = left
    const [ann, bob] = await Promise.all([guest(first), guest(second)])
    await before.node.kill()
    const killedAt = performance.now()
    await Promise.all([ann.join(queues), bob.join(queues)])
    await eventually(
      'both are offered a match',
      async () => (await ann.entry()).offer && (await bob.entry()).offer,
      15_000,
    )
    // The lease ends four seconds after it was last renewed; whoever takes it over reads the rows.
    expect(performance.now() - killedAt).toBeLessThan(12_000)
    const after = await holder(1_000)
    expect(after.node.name).not.toBe(before.node.name)
    await before.node.start()
    await Promise.all([ann.leave(), bob.leave().catch(() => undefined)])
  })

  it('fit together by muster fsck, and say so by its exit code', async () => {
    const { cluster } = ground
    const good = await cluster.muster('fsck')
    expect(good).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/Every law holds\.\n$/) })
    expect(JSON.parse((await cluster.muster('fsck', '--json')).stdout)).toMatchObject({ ok: true, notes: [] })
    expect((await cluster.muster('fsck', '--help')).stdout).toMatch(/read-only transaction/)
  })
})
