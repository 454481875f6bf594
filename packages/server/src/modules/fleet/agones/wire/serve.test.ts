import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { eventually } from '../../../../../test/support/eventually.ts'
import { freePort } from '../../../../../test/support/muster-process.ts'
import { type SimulatedClock, simulatedClock } from '../../../../../test/support/simulated-clock.ts'
import { silentLog } from '../../../../platform/log.ts'
import { freshGameServer } from '../game-server.ts'
import { createSdk, type Sdk } from '../sdk.ts'
import { createServing, type SdkPort } from './serve.ts'

const serve = createServing()

describe('the gateway’s HTTP', () => {
  let clock: SimulatedClock
  let sdk: Sdk
  let line: SdkPort
  let port: number
  let pings: number
  let over: string | null
  let isKept: boolean
  let admits: (remotePort: number) => Promise<boolean>

  beforeEach(async () => {
    clock = simulatedClock()
    pings = 0
    over = null
    isKept = true
    admits = async () => true
    sdk = createSdk(
      {
        ...{ clock, log: silentLog, takenOver: false, keep: async () => isKept },
        health: { disabled: false, initialDelaySeconds: 5, periodSeconds: 5, failureThreshold: 3 },
        facts: {
          ...{ server: 'server_1', session: 'session_1', instance: 'instance_1', mode: 'duel', region: 'eu' },
          ...{ host: 'play.example', port: 7_000, slots: 2, createdAt: 1_700_000_000_500 },
          brief: { match_id: 'match_1' },
        },
        listener: {
          ready: async () => undefined,
          over: async (cause) => {
            over = cause
          },
        },
      },
      freshGameServer(
        { counters: { 'a/b': { count: 0, capacity: 9 } }, lists: { players: { capacity: 2, values: ['ann'] } } },
        2,
      ),
    )
    port = await freePort()
    const calls = { ...sdk.calls, health: () => void pings++ }
    const opened = await serve({ clock, port, calls, log: silentLog, admits: (remote) => admits(remote) })
    if ('problem' in opened) throw new Error(opened.problem)
    line = opened
  })
  afterEach(async () => {
    sdk.stop()
    await line.close()
  })

  async function call(method: string, path: string, body?: unknown) {
    const given = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: given })
    const text = await answer.text()
    return { status: answer.status, body: JSON.parse(text) as Record<string, unknown> }
  }
  const fine = (body: object = {}) => ({ status: 200, body })

  it('shows the server as Agones writes it: names of proto, whole numbers as text, no defaults', async () => {
    expect(await call('GET', '/gameserver')).toEqual(
      fine({
        object_meta: {
          ...{ name: 'server_1', namespace: 'muster', uid: 'instance_1', resource_version: '1', generation: '1' },
          creation_timestamp: '1700000000',
          labels: { 'muster/session-id': 'session_1', 'muster/mode': 'duel', 'muster/region': 'eu' },
          annotations: { 'muster/max-players': '2', 'muster/match': '{"match_id":"match_1"}' },
        },
        spec: { health: { period_seconds: 5, failure_threshold: 3, initial_delay_seconds: 5 } },
        status: {
          ...{ state: 'Scheduled', address: 'play.example', ports: [{ name: 'default', port: 7_000 }] },
          addresses: [{ type: 'Hostname', address: 'play.example' }],
          players: { capacity: '2' },
          counters: { 'a/b': { capacity: '9' } },
          lists: { players: { capacity: '2', values: ['ann'] } },
        },
      }),
    )
  })

  it('leads a server through its life', async () => {
    const stateOf = async () => ((await call('GET', '/gameserver')).body.status as { state: string }).state
    expect(await call('POST', '/health', {})).toEqual(fine())
    expect(await call('POST', '/health', {})).toEqual(fine())
    expect(pings).toBe(2)
    expect(await call('POST', '/reserve', { seconds: '5' })).toEqual(fine())
    expect(await stateOf()).toBe('Reserved')
    expect(await call('POST', '/ready', {})).toEqual(fine())
    expect(await stateOf()).toBe('Allocated')
    expect(await call('POST', '/allocate', {})).toEqual(fine())
    expect(await call('PUT', '/metadata/label', { key: 'map', value: 'hill' })).toEqual(fine())
    expect(await call('PUT', '/metadata/annotation', { key: 'note', value: '"é"' })).toEqual(fine())
    expect((await call('GET', '/gameserver')).body.object_meta).toMatchObject({
      labels: { 'agones.dev/sdk-map': 'hill' },
      annotations: { 'agones.dev/sdk-note': '"é"' },
    })
    expect(await call('POST', '/shutdown', {})).toEqual(fine())
    expect(over).toBe('shut_down')
  })

  it.each(['v1beta1', 'v1alpha1'])('counts and lists under %s', async (root) => {
    const counter = `/${root}/counters/a%2Fb`
    expect(await call('GET', counter)).toEqual(fine({ name: 'a/b', capacity: '9' }))
    expect(await call('PATCH', counter, { countDiff: '2' })).toEqual(fine({ name: 'a/b', count: '2', capacity: '9' }))
    expect(await call('PATCH', counter, { count: 0, capacity: '3' })).toEqual(fine({ name: 'a/b', capacity: '3' }))
    expect(await call('PATCH', counter, { countDiff: -1 })).toMatchObject({ status: 400, body: { code: 11 } })
    const list = `/${root}/lists/players`
    expect(await call('GET', list)).toEqual(fine({ name: 'players', capacity: '2', values: ['ann'] }))
    expect(await call('POST', `${list}:addValue`, { value: 'bob' })).toEqual(
      fine({ name: 'players', capacity: '2', values: ['ann', 'bob'] }),
    )
    expect(await call('POST', `${list}:addValue`, { value: 'bob' })).toMatchObject({ status: 409, body: { code: 6 } })
    expect(await call('POST', `${list}:removeValue`, { value: 'eve' })).toMatchObject({ status: 404 })
    expect(await call('POST', `${list}:removeValue`, { value: 'ann' })).toMatchObject({ body: { values: ['bob'] } })
    expect(await call('PATCH', list, { capacity: '5' })).toMatchObject({ body: { capacity: '5', values: ['bob'] } })
    expect(await call('PATCH', `${list}?update_mask=values`, { capacity: '9' })).toEqual(
      fine({ name: 'players', capacity: '5' }),
    )
    expect(await call('PATCH', `${list}?updateMask=name`, {})).toMatchObject({ status: 400, body: { code: 3 } })
    expect(await call('GET', `/${root}/lists/maps`)).toMatchObject({ status: 404, body: { code: 5 } })
  })

  it('follows players', async () => {
    expect(await call('PUT', '/alpha/player/capacity', { count: 1 })).toEqual(fine())
    expect(await call('POST', '/alpha/player/connect', { playerID: 'ann' })).toEqual(fine({ bool: true }))
    expect(await call('POST', '/alpha/player/connect', { playerID: 'ann' })).toEqual(fine())
    expect(await call('POST', '/alpha/player/connect', { playerID: 'bob' })).toMatchObject({ status: 400 })
    expect(await call('GET', '/alpha/player/connected/ann')).toEqual(fine({ bool: true }))
    expect(await call('GET', '/alpha/player/connected')).toEqual(fine({ list: ['ann'] }))
    expect(await call('GET', '/alpha/player/count')).toEqual(fine({ count: '1' }))
    expect(await call('GET', '/alpha/player/capacity')).toEqual(fine({ count: '1' }))
    expect(await call('POST', '/alpha/player/disconnect', { playerID: 'ann' })).toEqual(fine({ bool: true }))
    expect(await call('GET', '/alpha/player/count')).toEqual(fine())
  })

  it.each([
    ['GET', '/nowhere', undefined, 404, 5],
    ['GET', '/ready', undefined, 501, 12],
    ['POST', '/health', undefined, 400, 3],
    ['POST', '/ready', 'no json', 400, 3],
    ['POST', '/ready', '[]', 400, 3],
    ['POST', '/reserve', { seconds: 'soon' }, 400, 3],
    ['POST', '/reserve', { seconds: 1.5 }, 400, 3],
    ['POST', '/reserve', { seconds: '99999999999999999' }, 400, 11],
    ['PUT', '/metadata/label', { key: 7 }, 400, 3],
    ['PUT', '/metadata/annotation', { key: 'note', value: 'x'.repeat(300_000) }, 429, 8],
    ['PATCH', '/v1beta1/lists/players', { values: [1] }, 400, 3],
    ['GET', '/v1beta1/counters/%E0%A4%A', undefined, 400, 3],
  ])('refuses %s %s', async (method, path, body, status, code) => {
    expect(await call(method, path, body)).toMatchObject({ status, body: { code, message: expect.any(String) } })
  })

  it('says that the server has ended, where it has', async () => {
    isKept = false
    expect(await call('PUT', '/metadata/label', { key: 'map', value: 'hill' })).toMatchObject({
      ...{ status: 503, body: { code: 14 } },
    })
    expect((await call('GET', '/gameserver')).body.object_meta).not.toHaveProperty(['labels', 'agones.dev/sdk-map'])
  })

  it('streams what changes, a line each', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/watch/gameserver`)
    const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
    const next = async () => {
      const { value = '' } = await reader.read()
      expect(value.endsWith('\n')).toBe(true)
      return (JSON.parse(value) as { result: { status: { state: string } } }).result.status.state
    }
    expect(await next()).toBe('Scheduled')
    await sdk.calls.reserve(5)
    expect(await next()).toBe('Reserved')
    await reader.cancel()
  })

  it('streams it over a WebSocket, for those who can read no other stream', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/watch/gameserver`)
    const [first] = await once(socket, 'message')
    expect(JSON.parse(String(first))).toMatchObject({ result: { status: { state: 'Scheduled' } } })
    const second = once(socket, 'message')
    await sdk.calls.reserve(5)
    expect(JSON.parse(String((await second)[0]))).toMatchObject({ result: { status: { state: 'Reserved' } } })
    socket.close()
    const lost = new WebSocket(`ws://127.0.0.1:${port}/ready`)
    await expect(once(lost, 'open')).rejects.toThrow()
  })

  it('closes on whoever may not speak for the server', async () => {
    admits = async () => false
    await expect(call('GET', '/gameserver')).rejects.toThrow('fetch failed')
    admits = async () => {
      throw new Error('It cannot be told.')
    }
    await expect(call('GET', '/gameserver')).rejects.toThrow('fetch failed')
  })

  it('waits for nobody who says nothing, and for no more than it may', async () => {
    const lines = Array.from({ length: 40 }, () => connect(port, '127.0.0.1').resume())
    const endings = lines.map((one) => once(one, 'close').catch(() => null))
    // Some are beyond what it takes at once.
    await Promise.race(endings)
    await eventually('the others are waited for', async () => {
      await clock.advance(10_000)
      return lines.every((one) => one.destroyed)
    })
    await Promise.all(endings)
    expect(await call('GET', '/gameserver')).toMatchObject({ status: 200 })
  })

  it('waits for no request that does not end, and for none that does not begin', async () => {
    const half = connect(port, '127.0.0.1').resume()
    half.write('POST /ready HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{')
    const headless = connect(port, '127.0.0.1').resume()
    headless.write('POST /ready HTTP/1.1\r\nhost')
    const watching = await fetch(`http://127.0.0.1:${port}/watch/gameserver`)
    await eventually('both are closed', async () => {
      await clock.advance(1_000)
      return half.destroyed && headless.destroyed
    })
    const reader = (watching.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await clock.advance(600_000)
    await sdk.calls.reserve(5)
    expect((await reader.read()).done).toBe(false)
    await reader.cancel()
  })

  it.each([
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ host: 'rebound.example' }, 403],
    [{ origin: 'http://localhost:8080' }, 200],
    [{ host: 'localhost:9400' }, 200],
  ])('answers %j with %i: no page of another site speaks for a server', async (headers, status) => {
    const asking = request({ host: '127.0.0.1', port, path: '/gameserver', headers, agent: false }).end()
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).toBe(status)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/watch/gameserver`, { headers })
    const opened = once(socket, 'open').then(
      () => 200,
      () => 403,
    )
    expect(await opened).toBe(status)
    socket.terminate()
  })

  it('takes no harm from what is no gRPC', async () => {
    const session = http2.connect(`http://127.0.0.1:${port}`)
    session.on('error', () => undefined)
    const say = async (path: string, body: Buffer, more: object = {}) => {
      const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...more }
      const stream = session.request(headers)
      stream.on('error', () => undefined)
      stream.resume()
      stream.end(body)
      await new Promise((resolve) => stream.on('close', resolve))
    }
    const sdkPath = '/agones.dev.sdk.SDK'
    const framed = (bytes: number[], length = bytes.length) => Buffer.from([0, 0, 0, 0, length, ...bytes])
    for (const method of ['Health', 'Ready', 'SetLabel', 'WatchGameServer', 'GetGameServer', 'Nowhere']) {
      for (const body of [
        Buffer.from('nonsense'),
        framed([0xff, 0xff, 0xff]),
        framed([1], 200),
        Buffer.from([1, 0, 0, 0, 1, 0]),
        Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]),
      ]) {
        await say(`${sdkPath}/${method}`, body, method === 'WatchGameServer' ? { 'grpc-timeout': '50m' } : {})
      }
    }
    await say('nowhere', Buffer.alloc(0), { 'content-type': 'text/plain' })
    session.destroy()
    expect(await call('GET', '/gameserver')).toMatchObject({
      ...{ status: 200, body: { status: { state: 'Scheduled' }, object_meta: { generation: '1' } } },
    })
  })

  it('says when a port is not to be had', async () => {
    const again = await serve({ clock, port, calls: sdk.calls, log: silentLog, admits: async () => true })
    expect(again).toEqual({ problem: 'EADDRINUSE' })
  })
})
