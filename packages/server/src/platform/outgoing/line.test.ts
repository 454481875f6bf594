import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { allowListOf } from './addresses.ts'
import { createOutgoing, NotAllowed } from './line.ts'

const limits = { timeoutMs: 2_000, bytesMax: 1_000 }
const opened: Server[] = []

async function listening(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  opened.push(server)
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

afterEach(() => {
  for (const server of opened.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

const here = allowListOf(['127.0.0.1:1-65535', 'localhost:1-65535'])

describe('a connection to where others say', () => {
  it('posts JSON and answers what came', async () => {
    let heard = ''
    const port = await listening((request, response) => {
      request.on('data', (part) => {
        heard += part
      })
      request.on('end', () => response.writeHead(201).end(`${request.method} ${request.url} ${request.headers.host}`))
    })
    const answer = await createOutgoing(here).postJson({ host: '127.0.0.1', port }, '{"a":1}', {}, limits)
    expect([answer, heard]).toEqual([{ status: 201, text: `POST / 127.0.0.1:${port}` }, '{"a":1}'])
  })

  it('goes to the very address that was looked up and judged', async () => {
    const port = await listening((request, response) => response.end(request.headers.host))
    const asked: string[] = []
    const outgoing = createOutgoing(allowListOf(['localhost:1-65535']), async (host) => {
      asked.push(host)
      // Another answer each time, as a name server would give that wants to be let in first and rebound then.
      return asked.length === 1 ? ['127.0.0.1'] : ['169.254.169.254']
    })
    const target = { host: 'localhost', port }
    expect((await outgoing.postJson(target, '{}', {}, limits)).text).toBe(`localhost:${port}`)
    expect(asked).toEqual(['localhost'])
    await expect(outgoing.postJson(target, '{}', {}, limits)).rejects.toBeInstanceOf(NotAllowed)
    expect(await outgoing.answers(target, 1_000)).toBe(false)
    expect(await outgoing.addressesOf(target, 1_000)).toEqual([])
  })

  it('is not made where one of the addresses of a name must not be', async () => {
    const named = allowListOf(['game.example.com:1-65535'])
    const outgoing = createOutgoing(named, async () => ['192.0.2.1', '127.0.0.1'])
    await expect(outgoing.postJson({ host: 'game.example.com', port: 1 }, '{}', {}, limits)).rejects.toThrow(NotAllowed)
    const unknown = createOutgoing(here, () => Promise.reject(new Error('ENOTFOUND')))
    expect(await unknown.addressesOf({ host: 'game.example.com', port: 1 }, 1_000)).toEqual([])
  })

  it('follows no redirect', async () => {
    let others = 0
    const other = await listening((_, response) => {
      others++
      response.end()
    })
    const port = await listening((_, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${other}/` }).end(),
    )
    expect((await createOutgoing(here).postJson({ host: '127.0.0.1', port }, '{}', {}, limits)).status).toBe(307)
    expect(others).toBe(0)
  })

  it('takes no more than it may, and waits no longer', async () => {
    const port = await listening((_, response) => response.end('x'.repeat(1_001)))
    const target = { host: '127.0.0.1', port }
    await expect(createOutgoing(here).postJson(target, '{}', {}, limits)).rejects.toThrow('too much')
    const silent = await listening(() => undefined)
    const short = { ...limits, timeoutMs: 50 }
    await expect(createOutgoing(here).postJson({ ...target, port: silent }, '{}', {}, short)).rejects.toThrow()
    const stuck = createOutgoing(here, () => new Promise<string[]>(() => undefined))
    await expect(stuck.postJson({ host: 'localhost', port: 1 }, '{}', {}, short)).rejects.toThrow()
  })

  it('tells whether somebody listens', async () => {
    const port = await listening(() => undefined)
    const outgoing = createOutgoing(here)
    expect(await outgoing.answers({ host: '127.0.0.1', port }, 1_000)).toBe(true)
    opened[0]?.close()
    opened[0]?.closeAllConnections()
    expect(await outgoing.answers({ host: '127.0.0.1', port }, 1_000)).toBe(false)
  })
})
