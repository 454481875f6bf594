import { describe, expect, it } from 'vitest'
import { readOptions } from '../../../../platform/options.ts'
import { clusterComplaints, clusterOptions, clusterSource, clusterSourceComplaints } from './config.ts'
import { allocationOf, allocationRequestOf, kubernetesAnswer, type SessionFacts, serviceAnswer } from './request.ts'

const source = (over: object = {}) => readOptions(clusterSource, { cluster: 'eu', ...over }, 'the test')
const cluster = (over: object = {}) => readOptions(clusterOptions, over, 'the test')
const facts: SessionFacts = { session: 'session_1', mode: 'duel', slots: 2, brief: { a: 1 }, secrets: null }
const own = { matchLabels: { 'muster/session-id': 'session_1' } }

describe('what a cluster is asked', () => {
  it('names the session’s own server first, and then what the mode says', () => {
    const asked = source({
      selectors: [{ counters: { rooms: { minAvailable: 1 } } }, { gameServerState: 'Allocated' }],
    })
    expect(allocationRequestOf(asked, 'games', facts)).toEqual({
      ...{ namespace: 'games', scheduling: 'Packed' },
      gameServerSelectors: [
        { ...own, gameServerState: 'ALLOCATED' },
        { counters: { rooms: { minAvailable: '1' } } },
        { gameServerState: 'ALLOCATED' },
      ],
      metadata: {
        labels: { 'muster/session-id': 'session_1' },
        annotations: { 'muster/mode': 'duel', 'muster/max-players': '2', 'muster/match': '{"a":1}' },
      },
    })
    expect(allocationOf(asked, 'games', facts)).toMatchObject({
      metadata: { namespace: 'games' },
      spec: {
        selectors: [{ ...own, gameServerState: 'Allocated' }, { counters: { rooms: { minAvailable: 1 } } }, {}],
        scheduling: 'Packed',
      },
    })
  })
})

describe('what a cluster answers', () => {
  const given = { gameServerName: 'fleet-1', address: '10.0.0.1', ports: [{ name: 'game', port: 7_000 }] }
  const by = {
    service: (status: number, body: unknown, port?: string) => serviceAnswer(status, JSON.stringify(body), port),
    kubernetes: (status: number, body: unknown, port?: string) => kubernetesAnswer(status, JSON.stringify(body), port),
  }

  it('is a server, with the port that was named or the first', () => {
    const server = { kind: 'given', name: 'fleet-1', host: '10.0.0.1', port: 7_000 }
    expect(by.service(200, given)).toEqual(server)
    expect(by.service(200, given, 'game')).toEqual(server)
    expect(by.kubernetes(201, { status: { state: 'Allocated', ...given } })).toEqual(server)
    expect(by.service(200, given, 'voice')).toMatchObject({
      kind: 'failed',
      why: 'The server fleet-1 has no port voice.',
    })
    expect(by.service(200, { ...given, ports: [] })).toMatchObject({ kind: 'failed' })
    expect(by.service(200, { ...given, address: '' })).toMatchObject({ kind: 'failed' })
  })

  it('is no room, where none is free or others were quicker', () => {
    for (const status of [409, 429]) {
      expect(by.service(status, {}).kind).toBe('full')
      expect(by.kubernetes(status, {}).kind).toBe('full')
    }
    for (const state of ['UnAllocated', 'Contention']) {
      expect(by.kubernetes(201, { status: { state } }).kind).toBe('full')
    }
  })

  it('is a failure otherwise, told in a few words', () => {
    expect(by.service(401, { message: 'x'.repeat(1_000) })).toMatchObject({ kind: 'failed' })
    expect((by.service(500, 'x'.repeat(1_000)) as { why: string }).why.length).toBeLessThan(400)
    for (const body of [null, [], {}, { status: null }, { status: { state: 'Weird' } }]) {
      expect(by.kubernetes(201, body).kind).toBe('failed')
    }
    expect(serviceAnswer(200, 'no json', undefined).kind).toBe('failed')
  })
})

describe('the options of a cluster', () => {
  const kubernetes = { url: 'https://cluster.example' }
  it('name a way to it, by TLS', () => {
    expect(clusterComplaints(cluster({ kubernetes }))).toEqual([])
    expect(clusterComplaints(cluster())).toEqual([expect.stringMatching(/^allocator: without it/)])
    expect(clusterComplaints(cluster({ kubernetes: { url: 'http://cluster.example' } }))).toHaveLength(1)
    expect(clusterComplaints(cluster({ allocator: { url: 'https://x.example', certFile: 'a' } }))).toEqual([
      expect.stringMatching(/^allocator\.keyFile/),
    ])
    expect(() => cluster({ namespace: 'Games' })).toThrow(/namespace/)
  })

  it('fit those of the modes that allocate from it', () => {
    const known = { eu: cluster({ kubernetes }), us: cluster({ kubernetes, apiUrl: 'https://muster.example' }) }
    const complaints = (over: object) => clusterSourceComplaints(source(over), known)
    expect(complaints({})).toEqual([])
    expect(complaints({ cluster: 'us', reports: true })).toEqual([])
    expect(complaints({ reports: true })).toEqual(['reports: cluster eu has no apiUrl to report to'])
    expect(complaints({ cluster: 'constructor' })).toEqual(['cluster: there is no cluster constructor'])
    expect(complaints({ labels: { 'muster/session-id': 'x' } })).toHaveLength(1)
  })
})
