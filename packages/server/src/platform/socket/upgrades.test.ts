import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeUpgrades } from './upgrades.ts'

describe('requests to upgrade', () => {
  let server: Server
  let taken: string[]
  beforeEach(async () => {
    taken = []
    server = createServer((request, response) => {
      let body = ''
      request.on('data', (part) => {
        body += String(part)
      })
      request.on('end', () => {
        response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }))
      })
    })
    takeUpgrades(server, [
      {
        path: '/ws',
        upgrade(request, socket) {
          taken.push(request.url ?? '')
          socket.end('HTTP/1.1 101 Taken\r\n\r\n')
        },
      },
    ])
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => {
    server.close()
    server.closeAllConnections()
  })

  /** Everything the server says until it closes. */
  async function say(...parts: string[]): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    let heard = ''
    socket.on('data', (data) => {
      heard += data.toString()
    })
    for (const part of parts) {
      socket.write(part)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await once(socket, 'close')
    return heard
  }
  const offer =
    'Host: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n'

  it('go to the endpoint at their path, whatever is asked with it', async () => {
    const headers = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n'
    expect(await say(`GET /ws?token=a HTTP/1.1\r\n${headers}`)).toMatch(/^HTTP\/1.1 101 Taken/)
    expect(taken).toEqual(['/ws?token=a'])
  })

  it('are refused at other paths, in HTTP', async () => {
    const heard = await say('GET /ws/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    expect(heard).toMatch(/^HTTP\/1.1 404 Not Found\r\n/)
    expect(heard).toContain('application/problem+json')
    expect(JSON.parse(heard.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect(taken).toEqual([])
  })

  it('[security 26] are refused where they name two hosts, for origins are held against the host', async () => {
    const headers = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nHOST: y\r\n\r\n'
    const heard = await say(`GET /ws HTTP/1.1\r\n${headers}`)
    expect(heard).toMatch(/^HTTP\/1.1 400 /)
    expect(JSON.parse(heard.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 400, code: 'INVALID_REQUEST' })
    expect(taken).toEqual([])
  })

  it('that offer something else are ordinary requests', async () => {
    const heard = await say(`GET /healthz HTTP/1.1\r\n${offer}Accept: text/plain\r\n\r\n`)
    expect(heard).toMatch(/^HTTP\/1.1 200 OK/)
    const seen = JSON.parse(heard.split('\r\n\r\n')[1] ?? '')
    expect(seen).toMatchObject({ method: 'GET', url: '/healthz', headers: { host: 'x', accept: 'text/plain' } })
    expect(seen.headers).not.toHaveProperty('upgrade')
    expect(seen.headers).not.toHaveProperty('http2-settings')
  })

  it('keep their body, also what comes later', async () => {
    const request = `POST /auth/login HTTP/1.1\r\n${offer}Content-Length: 10\r\n\r\nhello`
    const heard = await say(request, 'world')
    expect(JSON.parse(heard.split('\r\n\r\n')[1] ?? '')).toMatchObject({ method: 'POST', body: 'helloworld' })
  })
})
