import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type SimulatedClock, simulatedClock } from '../../../test/support/simulated-clock.ts'
import { openSocket } from '../../../test/support/socket-client.ts'
import { createMetrics } from '../metrics.ts'
import { addressReader } from './address.ts'
import type { Connection } from './connection.ts'
import { createSocketEdge, type SocketEdge, type SocketLimits } from './edge.ts'
import { socketFigures } from './figures.ts'
import { answerFrame } from './frames.ts'
import { takeUpgrades } from './upgrades.ts'

type Admitted = { frames: number }

const usual: SocketLimits = {
  ...{ connectionsMax: 100, connectionsPerAddressMax: 50, waitingMax: 20, admitWithinMs: 3_000 },
  ...{ frameBytesMax: 65_536, fragmentsMax: 128, backlogBytesMax: 524_288, heartbeatMs: 20_000, silenceMs: 50_000 },
  frames: { perS: 20, burstMax: 60 },
  bytes: { perS: 65_536, burstMax: 262_144 },
}

describe('the edge of sockets', () => {
  let clock: SimulatedClock
  let server: Server
  let edge: SocketEdge<Admitted>
  let url: string
  let metrics: ReturnType<typeof createMetrics>
  let opened: Connection<Admitted>[]
  let closed: Connection<Admitted>[]

  /** Admits everybody, unless told to wait, and echoes. */
  async function serve(changed: Partial<SocketLimits> = {}, admits = true) {
    clock = simulatedClock()
    metrics = createMetrics({ process: false })
    opened = []
    closed = []
    const needs = { clock, figures: socketFigures(metrics), addressOf: addressReader(['loopback']) }
    edge = createSocketEdge<Admitted>(
      needs,
      '/ws',
      [],
      { ...usual, ...changed },
      {
        begin: () => ({ frames: 0 }),
        opened(connection) {
          opened.push(connection)
          if (admits) edge.admit(connection)
        },
        frame(connection, { event, data, id }) {
          connection.state.frames++
          edge.send(connection, answerFrame(event, data, id))
        },
        looked: () => undefined,
        closed: (connection) => void closed.push(connection),
      },
    )
    server = createServer((_, response) => response.end('http'))
    takeUpgrades(server, [edge.endpoint])
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    edge.start()
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`
  }
  beforeEach(() => serve())
  afterEach(async () => {
    await edge.stop()
    server.close()
    server.closeAllConnections()
  })

  const figure = async (name: string, labels: Record<string, string> = {}) => {
    const { values } = (await metrics.registry.getSingleMetric(`muster_${name}`)?.get()) ?? { values: [] }
    const wanted = Object.entries(labels)
    return values.find((one) => wanted.every(([key, value]) => (one.labels as Record<string, unknown>)[key] === value))
      ?.value
  }

  /** A socket that has shaken hands and now speaks bytes of its own. */
  async function rawSocket(): Promise<Socket> {
    const raw = connect((server.address() as AddressInfo).port, '127.0.0.1')
    raw.on('error', () => undefined)
    raw.write(
      `GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`,
    )
    await once(raw, 'data')
    return raw
  }
  /** A frame with an empty mask. */
  const frameOf = (first: number, payload: Buffer) =>
    Buffer.concat([
      payload.length < 126
        ? Buffer.from([first, 0x80 | payload.length])
        : Buffer.from([first, 0x80 | 126, payload.length >> 8, payload.length & 255]),
      Buffer.alloc(4),
      payload,
    ])
  const closeCodeOf = (raw: Socket) =>
    new Promise<number>((resolve) => {
      let heard = Buffer.alloc(0)
      raw.on('data', (data) => {
        heard = Buffer.concat([heard, data])
        const at = heard.indexOf(0x88)
        if (at >= 0 && heard.length >= at + 4) resolve(heard.readUInt16BE(at + 2))
      })
    })

  it('hands on frames and sends answers', async () => {
    const client = await openSocket(url)
    expect(await client.ask('hello', { a: [1] })).toEqual({ event: 'hello', data: { a: [1] }, id: 1 })
    expect(await figure('socket_connections')).toBe(1)
    expect(await figure('socket_frames_total', { direction: 'in' })).toBe(1)
    expect(await figure('socket_frames_total', { direction: 'out' })).toBe(1)
    await client.close()
    await vi.waitFor(() => expect(closed).toEqual(opened))
    expect(await figure('socket_closes_total', { reason: 'client' })).toBe(1)
    expect(await figure('socket_connections')).toBe(0)
  })

  it('[security 24] takes a message in a few fragments, and up to the largest size', async () => {
    await serve({ bytes: { perS: 1e6, burstMax: 1e6 } })
    const client = await openSocket(url)
    const text = JSON.stringify({ event: 'parts', id: 'x' })
    for (let at = 0; at < text.length; at += 7) {
      client.socket.send(text.slice(at, at + 7), { fin: at + 7 >= text.length })
    }
    expect((await client.next('parts')).id).toBe('x')
    const frame = (filler: number) => JSON.stringify({ event: 'large', data: 'x'.repeat(filler) })
    client.sendText(frame(65_536 - frame(0).length))
    await client.next('large')
    client.sendText(frame(65_536 - frame(0).length + 1))
    expect((await client.closed).code).toBe(1009)
    expect(await figure('socket_closes_total', { reason: 'too_big' })).toBe(1)
  })

  it('[security 24] never waits for the rest of a frame that says it is gigantic', async () => {
    const raw = await rawSocket()
    const code = closeCodeOf(raw)
    raw.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]))
    expect(await code).toBe(1009)
  })

  it('[security 24] closes who sends many tiny fragments', async () => {
    const raw = await rawSocket()
    const code = closeCodeOf(raw)
    raw.write(Buffer.concat([frameOf(0x01, Buffer.from('x')), ...Array(1_000).fill(frameOf(0x00, Buffer.from('x')))]))
    expect(await code).toBe(1008)
    const empty = await rawSocket()
    const emptyCode = closeCodeOf(empty)
    empty.write(Buffer.concat([frameOf(0x01, Buffer.alloc(0)), ...Array(1_000).fill(frameOf(0x00, Buffer.alloc(0)))]))
    expect(await emptyCode).toBe(1008)
  })

  it.each([
    ['an unmasked frame', Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
    ['a reserved bit', frameOf(0xc1, Buffer.from('{}')), 1002],
    ['an unknown kind', frameOf(0x83, Buffer.from('{}')), 1002],
    ['text that is not UTF-8', frameOf(0x81, Buffer.from([0xff, 0xfe])), 1007],
    ['a fragment of nothing', frameOf(0x80, Buffer.from('x')), 1002],
    ['a large ping', frameOf(0x89, Buffer.alloc(200)), 1002],
  ])('[security 25] closes who sends %s', async (_, bytes, expected) => {
    const raw = await rawSocket()
    const code = closeCodeOf(raw)
    raw.write(bytes)
    expect(await code).toBe(expected)
    await vi.waitFor(() => expect(closed).toHaveLength(1))
  })

  it('[security 25] does not compress, whatever is offered', async () => {
    const client = await openSocket(url, { perMessageDeflate: true })
    expect(client.socket.extensions).toBe('')
    expect((await client.ask('hello', 'x'.repeat(10_000))).data).toHaveLength(10_000)
  })

  it('[security 24] closes who sends more frames than it may, and leaves the rest unread', async () => {
    const client = await openSocket(url)
    for (let at = 0; at < 10_000; at++) client.send({ event: 'flood' })
    expect(await client.closed).toEqual({ code: 4429, reason: 'Too many frames' })
    expect(opened[0]?.state.frames).toBe(60)
  })

  it('lets pass what flows in with time', async () => {
    const client = await openSocket(url)
    for (let round = 0; round < 4; round++) {
      for (let at = 0; at < 40; at++) client.send({ event: 'steady', id: at })
      for (let at = 0; at < 40; at++) await client.next('steady')
      await clock.advance(2_000)
    }
    expect(opened[0]?.state.frames).toBe(160)
    expect(opened[0]?.open).toBe(true)
  })

  it('[security 24] closes who sends more bytes than it may', async () => {
    const client = await openSocket(url)
    for (let at = 0; at < 10; at++) client.send({ event: 'bytes', data: 'x'.repeat(60_000) })
    expect(await client.closed).toEqual({ code: 4429, reason: 'Too many bytes' })
    expect(opened[0]?.state.frames).toBe(4)
  })

  it.each(['ping', 'pong'] as const)('[security 24] counts a flood of protocol %ss too', async (kind) => {
    const client = await openSocket(url)
    for (let at = 0; at < 2_000; at++) client.socket[kind]()
    expect((await client.closed).code).toBe(4429)
  })

  it('[security 24] closes a slow reader before its backlog grows, and holds no more for it', async () => {
    const client = await openSocket(url)
    client.socket.pause()
    const [connection] = opened
    if (connection === undefined) throw new Error('nothing was opened')
    const frame = answerFrame('news', 'x'.repeat(10_000), undefined)
    let sent = 0
    while (connection.open && sent < 10_000) {
      edge.send(connection, frame)
      sent++
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(connection.open).toBe(false)
    expect(connection.socket.bufferedAmount).toBeLessThan(524_288 + 20_000)
    edge.send(connection, frame)
    expect(connection.socket.bufferedAmount).toBeLessThan(524_288 + 20_000)
    expect(await figure('socket_closes_total', { reason: 'slow' })).toBe(1)
    client.socket.resume()
    expect((await client.closed).code).toBe(4408)
  })

  it('answers what is no frame, a few times', async () => {
    const client = await openSocket(url)
    for (let at = 0; at < 8; at++) {
      client.sendText(['', '{', '[]', '{"event":7}'][at % 4] ?? '')
      expect((await client.next('error')).data).toMatchObject({ code: 'INVALID_REQUEST' })
    }
    client.socket.send(Buffer.from('{"event":"binary"}'))
    expect(await client.closed).toEqual({ code: 1008, reason: 'Too many bad frames' })
  })

  it('cuts a socket that fell silent, and keeps one that answers heartbeats', async () => {
    const alive = await openSocket(url)
    const dead = await rawSocket()
    const ended = once(dead, 'close')
    const pings = vi.fn()
    alive.socket.on('ping', pings)
    const [connection] = opened
    if (connection === undefined) throw new Error('nothing was opened')
    for (let at = 0; at < 12; at++) {
      await clock.advance(5_000)
      await vi.waitFor(() => expect(connection.heardAtMs).toBeGreaterThanOrEqual(connection.pingedAtMs))
    }
    expect(pings).toHaveBeenCalledTimes(3)
    await ended
    expect(await figure('socket_closes_total', { reason: 'silent' })).toBe(1)
    expect((await alive.ask('still here')).event).toBe('still here')
  })

  it('refuses more sockets than there may be, with when to come back', async () => {
    await serve({ connectionsMax: 3 })
    const clients = [await openSocket(url), await openSocket(url), await openSocket(url)]
    await expect(openSocket(url)).rejects.toMatchObject({ status: 503, body: expect.stringContaining('BUSY') })
    await clients[0]?.close()
    await vi.waitFor(() => openSocket(url))
    expect(await figure('socket_refused_total', { code: 'BUSY' })).toBeGreaterThanOrEqual(1)
  })

  it('[security 24] refuses more sockets of one address, and no other address for it', async () => {
    await serve({ connectionsPerAddressMax: 2 })
    const from = (address: string) => openSocket(url, { headers: { 'x-forwarded-for': address } })
    const clients = [await from('203.0.113.1'), await from('203.0.113.1')]
    await expect(from('203.0.113.1')).rejects.toMatchObject({
      status: 429,
      body: expect.stringContaining('RATE_LIMITED'),
    })
    await from('203.0.113.2')
    for (const client of clients) await client.close()
    await vi.waitFor(() => from('203.0.113.1'))
  })

  it('closes the oldest of too many that never say who they are, so that newcomers get in', async () => {
    await serve({ waitingMax: 3 }, false)
    const clients = []
    for (let at = 0; at < 5; at++) clients.push(await openSocket(url))
    for (const crowded of clients.slice(0, 2)) expect((await crowded.closed).code).toBe(1008)
    expect(opened.slice(2).every(({ open }) => open)).toBe(true)
    edge.admit(opened[3] as Connection<Admitted>)
    await clock.advance(3_000)
    for (const late of [clients[2], clients[4]]) expect((await late?.closed)?.reason).toBe('No token came in time')
    expect((await clients[3]?.ask('hello'))?.event).toBe('hello')
  })

  it('tells of a close once, and nothing after it', async () => {
    const client = await openSocket(url)
    const [connection] = opened
    if (connection === undefined) throw new Error('nothing was opened')
    client.send({ event: 'one' })
    await client.next('one')
    client.send({ event: 'two' })
    edge.close(connection, 1008, 'enough', 'test')
    edge.close(connection, 1008, 'again', 'test')
    edge.send(connection, 'not sent')
    expect(await client.closed).toEqual({ code: 1008, reason: 'enough' })
    await vi.waitFor(() => expect(connection.socket.readyState).toBe(WebSocket.CLOSED))
    expect(closed).toEqual([connection])
    expect(connection.state.frames).toBe(1)
    expect(client.frames.map(({ event }) => event)).toEqual(['one'])
  })

  it('stops though a client does not answer', async () => {
    const raw = await rawSocket()
    raw.pause()
    await openSocket(url)
    await edge.stop()
    expect(opened.every(({ socket }) => socket.readyState === WebSocket.CLOSED)).toBe(true)
  })
})
