import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type HttpGround, httpGround } from '../../../test/support/http-ground.ts'
import type { LineLimits } from './server.ts'

const never = 240_000
const patient: LineLimits = { headersMs: never, requestMs: never, idleMs: never, betweenMs: never, checkEveryMs: 20 }

/** Nothing here takes longer than it must: each waits for the server to close the line. */
describe('[security 27] a line that keeps us waiting', () => {
  let ground: HttpGround
  const sockets: Socket[] = []
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await ground.server.close()
  })

  async function open(lines: Partial<LineLimits>, connectionsMax = 100) {
    ground = await httpGround({ lines: { ...patient, ...lines }, connectionsMax })
    const at = await ground.server.listen({ host: '127.0.0.1', port: 0 })
    return () => {
      const socket = connect(at.port, at.host)
      socket.on('error', () => undefined)
      sockets.push(socket)
      return socket
    }
  }

  /** Everything said until the line is closed. */
  async function heardOn(socket: Socket): Promise<string> {
    let heard = ''
    socket.on('data', (data) => {
      heard += data.toString()
    })
    await once(socket, 'close')
    return heard
  }

  it('with headers that never end is closed, though another letter comes now and then', async () => {
    const line = await open({ headersMs: 100 })
    const socket = line()
    socket.write('GET /items HTTP/1.1\r\nHost: x\r\n')
    const drip = setInterval(() => socket.writable && socket.write('X: y\r\n'), 30)
    const heard = await heardOn(socket).finally(() => clearInterval(drip))
    expect(heard).toMatch(/^HTTP\/1.1 400 /)
    expect(heard).toContain('did not come in time')
    expect(ground.handled).toEqual([])
  })

  it('with a body that never ends is closed, though another letter comes now and then', async () => {
    const line = await open({ requestMs: 100, headersMs: 90 })
    const socket = line()
    socket.write('POST /items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n{')
    const drip = setInterval(() => socket.writable && socket.write(' '), 30)
    const heard = await heardOn(socket).finally(() => clearInterval(drip))
    expect(heard).toMatch(/^HTTP\/1.1 400 /)
    expect(ground.handled).toEqual([])
  })

  it('that asks for the same bytes in a thousand ranges is answered once', async () => {
    const line = await open({})
    const socket = line()
    const ranges = Array.from({ length: 1_000 }, (_, at) => `${at}-${at + 9}`).join(',')
    socket.write(`GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\nRange: bytes=${ranges}\r\n\r\n`)
    const heard = await heardOn(socket)
    expect(heard).toMatch(/^HTTP\/1.1 404 /)
    expect(heard.length).toBeLessThan(2_000)
  })

  it('that asks much and reads nothing is closed', async () => {
    const line = await open({ idleMs: 150 })
    const socket = line()
    socket.pause()
    const served = once(ground.server.fastify.server, 'request')
    // More answers than the machine keeps for a reader who does not read.
    const closed = once(socket, 'close')
    socket.write('GET /much HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(40))
    await served
    const gone = new Promise<void>((resolve) => {
      const look = () =>
        ground.server.fastify.server.getConnections((_, count) => (count === 0 ? resolve() : setTimeout(look, 20)))
      look()
    })
    await gone
    socket.destroy()
    await closed
  })

  it('and says nothing is closed, before its first request and between two', async () => {
    const line = await open({ headersMs: 100, requestMs: 100, betweenMs: 100 })
    expect(await heardOn(line())).toMatch(/^(HTTP\/1.1 400 |$)/)
    const kept = line()
    kept.write('GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await heardOn(kept)).toMatch(/^HTTP\/1.1 404 /)
  })

  it('is dropped at once where there are as many as may be, and lets others be served after', async () => {
    const line = await open({}, 2)
    const [first, second] = [line(), line()]
    await Promise.all([once(first, 'connect'), once(second, 'connect')])
    const third = line()
    await once(third, 'close')
    first.destroy()
    second.write('GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect(await heardOn(second)).toMatch(/^HTTP\/1.1 404 /)
  })
})
