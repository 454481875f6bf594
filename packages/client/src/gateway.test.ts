import { once } from 'node:events'
import type { Tokens } from '@muster/protocol'
import { describe, expect, it, vi } from 'vitest'
import { type WebSocket as Socket, WebSocket, WebSocketServer } from 'ws'
import { MusterError } from './errors.ts'
import { connectGateway, type Gateway } from './gateway.ts'
import { createTokenStore } from './tokens.ts'

const pair = (name: string): Tokens => ({
  ...{ access_token: name, refresh_token: `refresh ${name}`, token_type: 'Bearer', expires_in: 900 },
  user_id: 'player_ann',
})

interface Frame {
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what it gets.
  data?: any
  id?: number
}

/** A real socket server; the test speaks for Muster on each line. */
async function ground(exchange: () => Promise<Tokens> = async () => pair('b')) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/ws' })
  await once(server, 'listening')
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  server.on('connection', (socket) => {
    lines.push(lineOn(socket))
    for (const look of [...waiting]) look()
  })
  const tokens = createTokenStore({ exchange })
  tokens.set(pair('a'))
  const gateways: Gateway[] = []
  return {
    tokens,
    lines,
    connect(onClosed?: (code: number, reason: string) => void) {
      const { port } = server.address() as { port: number }
      const gateway = connectGateway({ url: `http://127.0.0.1:${port}/`, tokens, WebSocket, onClosed })
      gateways.push(gateway)
      return gateway
    },
    /** The nth line, when it has come. */
    line: (at: number) =>
      new Promise<Line>((resolve) => {
        const look = () => {
          const line = lines[at]
          if (line === undefined) return
          waiting.delete(look)
          resolve(line)
        }
        waiting.add(look)
        look()
      }),
    async [Symbol.asyncDispose]() {
      for (const gateway of gateways) gateway.close()
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Line {
  socket: Socket
  /** The next frame from the client. */
  next(): Promise<Frame>
  say(event: string, data?: unknown, more?: { seq?: number; id?: number }): void
  welcome(seq: number, more?: object): void
}

function lineOn(socket: Socket): Line {
  const frames: Frame[] = []
  const takers: ((frame: Frame) => void)[] = []
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as Frame
    const taker = takers.shift()
    if (taker === undefined) frames.push(frame)
    else taker(frame)
  })
  const say: Line['say'] = (event, data = {}, more = {}) => socket.send(JSON.stringify({ event, data, ...more }))
  return {
    socket,
    next: () => new Promise((resolve) => (frames.length > 0 ? resolve(frames.shift() as Frame) : takers.push(resolve))),
    say,
    welcome: (seq, more) =>
      say('welcome', {
        message: '',
        player_id: 'player_ann',
        nick: 'ann',
        seq,
        missed: false,
        heartbeat_s: 20,
        ...more,
      }),
  }
}

/** What the gateway heard, in order, and when the given number of it has come. */
function hearing(gateway: Gateway) {
  const heard: number[] = []
  const waiting = new Set<() => void>()
  gateway.on('kicked', ({ reason }) => {
    heard.push(Number(reason))
    for (const look of [...waiting]) look()
  })
  return {
    heard,
    until: (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => (heard.length >= count ? resolve() : undefined)
        waiting.add(look)
        look()
      }),
  }
}
const push = (line: Line, seq: number) => line.say('kicked', { reason: String(seq) }, { seq })

describe('the gateway', () => {
  it('says who it is, hears pushes, and asks and is answered', async () => {
    await using muster = await ground()
    const gateway = muster.connect()
    const { heard, until } = hearing(gateway)
    const asked = gateway.request('match_accept', { match_id: 'match_1' })
    const line = await muster.line(0)
    expect(await line.next()).toEqual({ event: 'authenticate', data: { token: 'a' } })
    line.welcome(7)
    push(line, 8)
    const request = await line.next()
    expect(request).toMatchObject({ event: 'match_accept', data: { match_id: 'match_1' } })
    line.say('match_accept_ok', { status: 'match_confirmed' }, { id: request.id })
    expect(await asked).toEqual({ status: 'match_confirmed' })
    await until(1)
    expect(heard).toEqual([8])
  })

  it('throws what is refused', async () => {
    await using muster = await ground()
    const gateway = muster.connect()
    const asked = gateway.request('queue_leave', {})
    const line = await muster.line(0)
    line.welcome(0)
    await line.next()
    line.say('error', { code: 'ENTRY_NOT_FOUND', message: 'You are not waiting.' }, { id: (await line.next()).id })
    await expect(asked).rejects.toBeInstanceOf(MusterError)
    await expect(asked).rejects.toMatchObject({ code: 'ENTRY_NOT_FOUND', message: 'You are not waiting.' })
  })

  it('comes back after a dropped line where it was: nothing lost, nothing twice, in order', async () => {
    await using muster = await ground()
    const gateway = muster.connect()
    const { heard, until } = hearing(gateway)
    const first = await muster.line(0)
    first.welcome(4)
    push(first, 5)
    push(first, 6)
    await until(2)
    first.socket.terminate()
    const second = await muster.line(1)
    expect(await second.next()).toEqual({ event: 'authenticate', data: { token: 'a', resume_after: 6 } })
    second.welcome(8)
    for (const seq of [5, 6, 7, 8]) push(second, seq)
    push(second, 9)
    await until(5)
    expect(heard).toEqual([5, 6, 7, 8, 9])
  })

  it('resumes after the number it was greeted with where it has heard no push yet', async () => {
    await using muster = await ground()
    const gateway = muster.connect()
    const first = await muster.line(0)
    const greeted = new Promise((resolve) => gateway.on('welcome', resolve))
    first.welcome(41)
    await greeted
    first.socket.close(1001)
    const second = await muster.line(1)
    expect((await second.next()).data).toEqual({ token: 'a', resume_after: 41 })
  })

  it('hears on where the server counts anew, and tells that something was missed', async () => {
    await using muster = await ground()
    const gateway = muster.connect()
    const { heard, until } = hearing(gateway)
    const missed: boolean[] = []
    gateway.on('welcome', (data) => missed.push(data.missed))
    const first = await muster.line(0)
    first.welcome(0)
    push(first, 500)
    await until(1)
    first.socket.terminate()
    const second = await muster.line(1)
    second.welcome(2, { missed: true })
    push(second, 3)
    await until(2)
    expect(heard).toEqual([500, 3])
    expect(missed).toEqual([false, true])
  })

  it('sends what waited for a line when there is one, and gives up what was under way when it dropped', async () => {
    await using muster = await ground()
    const gateway = muster.connect()
    const lost = gateway.request('queue_leave', {})
    const first = await muster.line(0)
    first.welcome(0)
    await first.next()
    await first.next()
    first.socket.terminate()
    await expect(lost).rejects.toThrow(/may have taken effect/)
    const kept = gateway.request('queue_join', { queues: ['duel'] })
    const second = await muster.line(1)
    await second.next()
    second.welcome(0)
    const request = await second.next()
    expect(request.event).toBe('queue_join')
    second.say('queue_join_ok', { entry_id: 'entry_1' }, { id: request.id })
    expect(await kept).toEqual({ entry_id: 'entry_1' })
  })

  it('keeps the line with a fresh token when its own ends soon', async () => {
    await using muster = await ground()
    muster.connect()
    const line = await muster.line(0)
    await line.next()
    line.welcome(0)
    line.say('reauthenticate', { within_s: 30 })
    expect(await line.next()).toMatchObject({ event: 'authenticate', data: { token: 'b' } })
    expect(muster.lines).toHaveLength(1)
  })

  it('comes back with a fresh token when its own has ended', async () => {
    await using muster = await ground()
    muster.connect()
    const first = await muster.line(0)
    first.socket.close(4401, 'Token expired')
    const second = await muster.line(1)
    expect((await second.next()).data).toEqual({ token: 'b' })
  })

  it.each([1008, 4401])('ends with %i where the login has ended', async (code) => {
    await using muster = await ground(async () => {
      throw new MusterError(401, { code: 'UNAUTHENTICATED' }, null)
    })
    const closed = new Promise((resolve) => muster.connect((...how) => resolve(how)))
    ;(await muster.line(0)).socket.close(code, 'Logged out')
    expect(await closed).toEqual([code, 'Logged out'])
    expect(muster.lines).toHaveLength(1)
  })

  it('does not take a bad token for a passing matter for ever', async () => {
    await using muster = await ground()
    const closed = new Promise((resolve) => muster.connect((...how) => resolve(how)))
    ;(await muster.line(0)).socket.close(1008, 'Invalid token')
    ;(await muster.line(1)).socket.close(1008, 'Invalid token')
    expect(await closed).toEqual([1008, 'Invalid token'])
    expect(muster.lines).toHaveLength(2)
  })

  it('does not fight with the connection that took its place', async () => {
    await using muster = await ground()
    let gateway: Gateway | undefined
    const closed = new Promise((resolve) => {
      gateway = muster.connect((...how) => resolve(how))
    })
    const line = await muster.line(0)
    line.welcome(0)
    line.socket.close(4409, 'Replaced by a newer connection')
    expect(await closed).toEqual([4409, 'Replaced by a newer connection'])
    await expect(gateway?.request('ping', {})).rejects.toThrow(/closed/)
  })

  it('asks a silent line whether it lives, and leaves one that is dead', async () => {
    await using muster = await ground()
    muster.connect()
    const first = await muster.line(0)
    await first.next()
    first.welcome(0, { heartbeat_s: 0.05 })
    expect(await first.next()).toEqual({ event: 'ping' })
    const second = await muster.line(1)
    expect((await second.next()).event).toBe('authenticate')
  })

  it('lives through frames that are none, and through a listener that fails', async () => {
    const complained = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    await using muster = await ground()
    const gateway = muster.connect()
    gateway.on('kicked', () => {
      throw new Error('the game’s own failure')
    })
    const { heard, until } = hearing(gateway)
    const line = await muster.line(0)
    line.welcome(0)
    for (const nonsense of ['', 'null', '{', '7', '{"data":1}']) line.socket.send(nonsense)
    push(line, 1)
    await until(1)
    expect(heard).toEqual([1])
    expect(complained).toHaveBeenCalledOnce()
    complained.mockRestore()
  })

  it('ends for good when it is closed, also before it was open', async () => {
    await using muster = await ground()
    const gateway = muster.connect()
    const asked = gateway.request('queue_leave', {})
    gateway.close()
    await expect(asked).rejects.toThrow('The gateway was closed.')
    await expect(gateway.request('queue_leave', {})).rejects.toThrow('The gateway is closed.')
    expect(muster.lines).toHaveLength(0)
  })
})
