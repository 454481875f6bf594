import { rm, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clusterToken } from '../../../../../test/support/agones-cluster.ts'
import { type ClusterGround, clusterGround, type Way } from '../../../../../test/support/cluster-ground.ts'
import { eventually } from '../../../../../test/support/eventually.ts'

describe.each(['allocator', 'kubernetes'] satisfies Way[])('servers of a cluster, by %s', (way) => {
  let ground: ClusterGround
  beforeEach(async () => {
    ground = await clusterGround(way)
    ground.mode('duel')
  })
  afterEach(async () => {
    expect(ground.cluster.complaints).toEqual([])
    await ground[Symbol.asyncDispose]()
  })
  const noClaims = () => eventually('nothing is left', async () => (await ground.claims()).length === 0)

  it('are asked for, and play at once', async () => {
    const server = ground.cluster.add({ host: 'eu-1.example', port: 7_777 })
    const muster = await ground.muster()
    const given = await muster.given('duel')
    expect(given).toMatchObject({ host: 'eu-1.example', port: 7_777, region: null })
    expect(await muster.view(given.session)).toMatchObject({
      ...{ state: 'allocated', ready: true, host: 'eu-1.example', port: 7_777, failure: null },
    })
    expect(await muster.ask('duel', given.session)).toBeNull()
    expect(server).toMatchObject({
      state: 'Allocated',
      labels: { 'agones.dev/fleet': 'duels', 'muster/session-id': given.session },
    })
    expect(server.annotations).toEqual({
      ...{ 'muster/mode': 'duel', 'muster/max-players': '2', 'muster/match': '{"match_id":"match_1"}' },
    })
  })

  it('are told what opens their reports where they report, and waited for', async () => {
    ground.mode('duel', { reports: true, labels: { season: 's1' }, annotations: { note: 'a "b"' } })
    const server = ground.cluster.add()
    const muster = await ground.muster()
    const { session, instance, server: id } = await muster.given('duel')
    expect(await muster.view(session)).toMatchObject({ state: 'starting', ready: false })
    expect(server.annotations).toMatchObject({
      ...{ note: 'a "b"', 'muster/server-id': id, 'muster/api-url': 'https://muster.example' },
      'muster/report-token': muster.reportTokenOf(session),
      'muster/ticket-key': muster.ticketKeyOf(id, instance).toString('hex'),
    })
    expect(Object.values(server.labels).join()).not.toContain(muster.reportTokenOf(session))
    expect(server.labels).toMatchObject({ season: 's1' })
    await ground.db.transact((tx) => muster.confirm(tx, session))
    expect(await muster.view(session)).toMatchObject({ ready: true, state: 'allocated' })
  })

  it('are chosen by everything that an allocation can say', async () => {
    ground.mode('duel', {
      selectors: [
        {
          matchLabels: { 'agones.dev/fleet': 'duels', version: '2' },
          matchExpressions: [{ key: 'drained', operator: 'DoesNotExist' }],
          counters: { rooms: { minAvailable: 1, maxCount: 9 } },
          lists: { maps: { containsValue: 'hill' } },
        },
        { matchLabels: { 'agones.dev/fleet': 'duels' } },
      ],
      scheduling: 'Distributed',
      priorities: [
        { type: 'Counter', key: 'rooms', order: 'Descending' },
        { type: 'List', key: 'maps' },
      ],
      counters: { rooms: { action: 'Increment', amount: 1 } },
      lists: { players: { addValues: ['ann', 'bob'], deleteValues: ['eve'], capacity: 2 } },
    })
    ground.cluster.add({ labels: { 'agones.dev/fleet': 'other' } })
    ground.cluster.add({ port: 7_100 })
    ground.cluster.add({ port: 7_200, labels: { version: '2' } })
    const muster = await ground.muster()
    expect((await muster.given('duel')).port).toBe(7_200)
    expect((await muster.given('duel')).port).toBe(7_100)
    const session = ground.mintId('session')
    await eventually('there is no room', async () => (await muster.ask('duel', session)) === null)
  })

  it('are waited for while none is free, and given as soon as one is', async () => {
    const muster = await ground.muster()
    const session = ground.mintId('session')
    expect(await muster.ask('duel', session)).toBe('asked')
    await eventually('there is no room', async () => (await muster.ask('duel', session)) === null)
    ground.cluster.add({ port: 7_300 })
    const given = await eventually('there is room', async () => muster.ask('duel', session))
    expect(given).toMatchObject({ port: 7_300 })
  })

  it.each(['contended', 'down', 'loses answers'] as const)('are had once, though the cluster is %s', async (mood) => {
    for (let count = 0; count < 3; count++) ground.cluster.add()
    const muster = await ground.muster()
    ground.cluster.mood(mood)
    const session = ground.mintId('session')
    await muster.ask('duel', session)
    const before = ground.cluster.requests.length
    await eventually('it was asked several times', async () => ground.cluster.requests.length > before + 2)
    ground.cluster.mood('well')
    await eventually('a server is given', async () => {
      const answer = await muster.ask('duel', session)
      return answer !== 'asked' && answer
    })
    expect(ground.cluster.allocated()).toHaveLength(1)
  })

  it('are given back when their session is over', async () => {
    const server = ground.cluster.add()
    const muster = await ground.muster()
    const { session } = await muster.given('duel')
    await muster.letGo(session)
    await eventually('it is deleted', async () => !ground.cluster.servers.has(server.name))
    expect(await muster.view(session)).toMatchObject({ state: 'gone', failure: null })
    await noClaims()
  })

  const strikes: Record<string, [strike: (name: string) => void, words: RegExp]> = {
    'is gone': [(name) => ground.cluster.servers.delete(name), /no game server/],
    'is unhealthy': [(name) => Object.assign(ground.cluster.servers.get(name)!, { state: 'Unhealthy' }), /Unhealthy/],
    'is being removed': [(name) => Object.assign(ground.cluster.servers.get(name)!, { deleting: true }), /removing/],
  }
  it.each(Object.entries(strikes))('are lost when the server %s, and no other is', async (_, [strike, words]) => {
    const muster = await ground.muster()
    for (let count = 0; count < 4; count++) ground.cluster.add()
    const lost = await muster.given('duel')
    const others = []
    for (let count = 0; count < 3; count++) others.push(await muster.given('duel'))
    strike(ground.cluster.allocated().find(({ labels }) => labels['muster/session-id'] === lost.session)!.name)
    await eventually('it is lost', async () => (await muster.view(lost.session))?.cause === 'cluster_lost')
    expect(await ground.detailOf(lost.server)).toMatch(words)
    for (const { session } of others) expect(await muster.view(session)).toMatchObject({ state: 'allocated' })
  })

  it('play on while the cluster does not answer, and are lost if they are not there afterwards', async () => {
    const server = ground.cluster.add()
    const muster = await ground.muster({ timeoutMs: 200 })
    const { session } = await muster.given('duel')
    ground.cluster.mood('down')
    ground.cluster.servers.delete(server.name)
    const before = ground.cluster.requests.length
    await eventually('it was asked several times', async () => ground.cluster.requests.length > before + 3)
    expect(await muster.view(session)).toMatchObject({ state: 'allocated' })
    ground.cluster.mood('well')
    await eventually('it is lost', async () => (await muster.view(session))?.cause === 'cluster_lost')
  })

  it('are kept by whichever node is there', async () => {
    const server = ground.cluster.add()
    const first = await ground.muster()
    const { session } = await first.given('duel')
    await first.stop('keep')
    const second = await ground.muster()
    await second.letGo(session)
    await eventually('it is deleted', async () => !ground.cluster.servers.has(server.name))
    await noClaims()
  })

  it('are given once each, however many nodes ask', async () => {
    for (let count = 0; count < 8; count++) ground.cluster.add()
    const nodes = [await ground.muster({ atOnceMax: 3 }), await ground.muster({ atOnceMax: 3 })]
    const sessions = Array.from({ length: 8 }, () => ground.mintId('session'))
    const given = await Promise.all(
      sessions.map((session, at) => (nodes[at % 2] as (typeof nodes)[0]).given('duel', session)),
    )
    expect(new Set(given.map(({ port }) => port)).size).toBe(8)
    const allocated = ground.cluster.allocated().map(({ labels }) => labels['muster/session-id'])
    expect(allocated.sort()).toEqual([...sessions].sort())
  })

  it('are not given to who waits no more, and come back', async () => {
    const server = ground.cluster.add()
    const muster = await ground.muster()
    ground.cluster.mood('loses answers')
    await muster.ask('duel', ground.mintId('session'))
    await eventually('it was asked', async () => server.state === 'Allocated')
    await ground.forgetWish()
    ground.cluster.mood('well')
    await eventually('it is deleted', async () => !ground.cluster.servers.has(server.name))
    await noClaims()
  })

  it('read their token anew at each call', async () => {
    const muster = await ground.muster()
    await writeFile(ground.tokenFile, 'an old one')
    const server = ground.cluster.add()
    // The same throughout, for whoever was refused may still be given the only server there is.
    const session = ground.mintId('session')
    if (way === 'kubernetes') {
      await muster.ask('duel', session)
      await eventually('it is refused', async () => (await muster.ask('duel', session)) === null)
      expect(server.state).toBe('Ready')
    }
    await writeFile(ground.tokenFile, clusterToken)
    await muster.given('duel', session)
    await rm(ground.tokenFile)
    expect(server.state).toBe('Allocated')
  })

  it('are had of no mode that names none, and of none without a cluster', async () => {
    const muster = await ground.muster()
    expect(await muster.ask('other', ground.mintId('session'))).toBeNull()
    ground.mode('elsewhere', { cluster: 'us' })
    expect(await muster.ask('elsewhere', ground.mintId('session'))).toBeNull()
  })
})
