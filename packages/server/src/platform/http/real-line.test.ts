import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HttpGround, httpGround } from '../../../test/support/http-ground.ts'
import { ConfigError } from '../options.ts'

describe('the HTTP edge on a real line', () => {
  let ground: HttpGround
  beforeEach(async () => {
    ground = await httpGround()
  })
  afterEach(() => ground.server.close())

  /** Everything the server says until it closes. */
  async function say(text: string): Promise<string> {
    const { host, port } = await ground.server.listen({ host: '127.0.0.1', port: 0 })
    const socket = connect(port, host)
    let heard = ''
    socket.on('data', (data) => {
      heard += data.toString()
    })
    socket.on('error', () => undefined)
    socket.write(text)
    await once(socket, 'close')
    expect((ground.server.fastify.server.address() as AddressInfo).port).toBe(port)
    return heard
  }

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'INVALID_REQUEST'],
    [
      'two lengths',
      'POST /items HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
      'INVALID_REQUEST',
    ],
    [
      'a length and chunks',
      'POST /items HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ...([400, 'INVALID_REQUEST'] as const),
    ],
    ['a bare line feed', 'GET /items HTTP/1.1\nHost: x\r\n\r\n', 400, 'INVALID_REQUEST'],
    ['what nobody can expect', 'GET /items HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n', 400, 'INVALID_REQUEST'],
    ['headers without end', `GET /items HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 413, 'TOO_LARGE'],
  ])('[security 26] refuses %s, as a problem', async (_, text, status, code) => {
    const heard = await say(text)
    expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(heard).toContain('application/problem+json')
    expect(JSON.parse(heard.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status, code })
    expect(ground.handled).toEqual([])
  })

  it('[security 26] refuses two hosts, as a problem', async () => {
    const heard = await say('GET /items HTTP/1.1\r\nHost: x\r\nConnection: close\r\nhost: y\r\n\r\n')
    expect(heard).toMatch(/^HTTP\/1.1 400 /)
    expect(heard).toContain('application/problem+json')
    expect(heard).toContain('"code":"INVALID_REQUEST"')
    expect(ground.handled).toEqual([])
  })

  it('closes the line of a call that was under way when the end began, once it is answered', async () => {
    const { host, port } = await ground.server.listen({ host: '127.0.0.1', port: 0 })
    const socket = connect(port, host)
    let heard = ''
    socket.on('data', (data) => {
      heard += data.toString()
    })
    const reached = new Promise<void>((resolve) => ground.server.fastify.server.once('request', () => resolve()))
    socket.write('POST /items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n')
    await reached
    const closed = ground.server.close()
    socket.write('{"word":"a"}')
    // The clock stands still, so nothing but the answer can end the line.
    await Promise.all([closed, once(socket, 'close')])
    expect(heard).toMatch(/^HTTP\/1.1 201 /)
    expect(heard).toMatch(/connection: close/i)
  })

  describe('tells a call that waits', () => {
    /** A call that waits, and a way to let it begin to listen. */
    async function wait(isLate: boolean) {
      let listen: () => void = () => undefined
      if (isLate) {
        ground.waiting.listens = new Promise((resolve) => {
          listen = resolve
        })
      }
      const { host, port } = await ground.server.listen({ host: '127.0.0.1', port: 0 })
      const begun = once(ground.waiting, 'begun')
      const over = once(ground.waiting, 'over')
      const socket = connect(port, host)
      socket.on('error', () => undefined)
      socket.write('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n')
      await begun
      return { socket, over, listen }
    }

    it.each([
      ['', false],
      [', also one that listens only afterwards', true],
    ])('that its caller has gone%s', async (_, isLate) => {
      const { socket, over, listen } = await wait(isLate)
      socket.destroy()
      await untilNoLine()
      listen()
      await over
    })

    it.each([
      ['', false],
      [', also one that listens only afterwards', true],
    ])('that the end has begun%s', async (_, isLate) => {
      const { over, listen } = await wait(isLate)
      const closed = ground.server.close()
      listen()
      await Promise.all([over, closed])
    })

    /** The server sees a lost line in a turn of its own. */
    async function untilNoLine(): Promise<void> {
      const { server } = ground.server.fastify
      const lines = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
      for (let turns = 0; (await lines()) > 0; turns++) {
        expect(turns).toBeLessThan(100_000)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  })

  it('says that HOST is wrong where it cannot be looked up', async () => {
    // Two dots together are no name, so that nobody need be asked.
    const listening = ground.server.listen({ host: 'nosuch..invalid', port: 0 })
    await expect(listening).rejects.toThrow(ConfigError)
    await expect(listening).rejects.toThrow(/HOST: nosuch\.\.invalid cannot be listened on: /)
  })
})
