import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { agonesCluster, tlsFile } from '../../test/support/agones-cluster.ts'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { createOutbound, isSafeAddress, type OutboundOptions, type OutboundTls } from './outbound.ts'

async function server(answer: RequestListener) {
  const http = createServer(answer).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as { port: number }
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}

const clock = simulatedClock()
const open = (url: URL, more: Partial<OutboundOptions> = {}) =>
  createOutbound({ clock }, { hosts: [url.host], timeoutMs: 1_000, bytesMax: 1_000, atOnceMax: 2, ...more })

describe('a call to somebody else', () => {
  it('brings what they answer, whatever the status', async () => {
    await using there = await server(({ method, headers }, response) =>
      response.writeHead(418, { 'x-said': 'so' }).end(`${method} ${headers['x-key']}`),
    )
    const { status, headers, text } = await open(there.url).call(there.url, {
      method: 'POST',
      headers: { 'x-key': 'k' },
    })
    expect([status, headers.get('x-said'), text]).toEqual([418, 'so', 'POST k'])
  })
  it('[security 33] goes to the hosts that were named, and only where nobody can listen', async () => {
    await using there = await server((_, response) => response.end())
    const outbound = open(there.url, { hosts: [there.url.host, 'idp.example', '10.0.0.1', '127.0.0.1.example.com'] })
    const elsewhere = [
      'https://169.254.169.254/latest/meta-data',
      'https://other.example/',
      'https://idp.example:8443/',
      'https://idp.example.evil.example/',
      'http://idp.example/',
      'http://10.0.0.1/',
      'http://127.0.0.1.example.com/',
      'https://me:secret@idp.example/',
      'http://127.0.0.1:1/',
      'http://0x7f000001:1/',
      'http://[::ffff:127.0.0.1]/',
      'file:///etc/passwd',
      'data:application/json,{}',
    ]
    for (const address of elsewhere) {
      await expect(outbound.call(new URL(address)), address).rejects.toMatchObject({ trouble: 'not allowed' })
    }
  })
  it('[security 33] follows nobody elsewhere', async () => {
    await using other = await server((_, response) => response.end('secret'))
    await using there = await server((_, response) =>
      response.writeHead(302, { location: other.url.href }).end('moved'),
    )
    expect(await open(there.url).call(there.url)).toMatchObject({ status: 302, text: 'moved' })
  })
  it('takes no more than was agreed, packed or not, whatever length is claimed', async () => {
    await using there = await server(({ url }, response) => {
      if (url === '/packed') {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(5_000_000)))
      } else response.end('x'.repeat(url === '/fits' ? 1_000 : 1_001))
    })
    const outbound = open(there.url)
    expect((await outbound.call(new URL('/fits', there.url))).text).toHaveLength(1_000)
    for (const path of ['/long', '/packed']) {
      await expect(outbound.call(new URL(path, there.url))).rejects.toMatchObject({ trouble: 'too large' })
    }
  })
  it('ends in time, before the answer has begun or within it', async () => {
    for (const begins of [false, true]) {
      let come: () => void = () => undefined
      const arrived = new Promise<void>((resolve) => {
        come = resolve
      })
      await using there = await server((_, response) => {
        if (begins) response.write('x', come)
        else come()
      })
      const call = open(there.url).call(there.url)
      const ended = expect(call).rejects.toMatchObject({ trouble: 'timeout' })
      await arrived
      await clock.advance(1_000)
      await ended
    }
  })
  it('is one of a few at once, and makes room when it is over', async () => {
    const held: (() => void)[] = []
    let full: () => void = () => undefined
    const both = new Promise<void>((resolve) => {
      full = resolve
    })
    await using there = await server((_, response) => {
      held.push(() => response.end('x'))
      if (held.length === 2) full()
    })
    const outbound = open(there.url)
    const calls = [outbound.call(there.url), outbound.call(there.url)]
    await both
    await expect(outbound.call(there.url)).rejects.toMatchObject({ trouble: 'busy' })
    for (const release of held.splice(0)) release()
    await Promise.all(calls)
    const third = outbound.call(there.url)
    await expect.poll(() => held.length).toBe(1)
    held[0]?.()
    expect((await third).text).toBe('x')
  })
  it('says so where nobody is there, or hangs up', async () => {
    await using there = await server((_, response) => void response.destroy())
    await expect(open(there.url).call(there.url)).rejects.toMatchObject({ trouble: 'unreachable' })
    const nobody = new URL('http://127.0.0.1:1/')
    await expect(open(nobody).call(nobody)).rejects.toMatchObject({ trouble: 'unreachable' })
  })
})

it('takes plain HTTP only within this machine', () => {
  const safe = ['https://a.example', 'http://localhost:1', 'http://127.0.0.1', 'http://127.9.9.9', 'http://[::1]:80']
  expect(safe.map((address) => isSafeAddress(new URL(address)))).toEqual(safe.map(() => true))
  const unsafe = [
    'http://a.example',
    'http://localhost.example',
    'http://0.0.0.0',
    'ws://localhost',
    'https://u@a.example',
  ]
  expect(unsafe.map((address) => isSafeAddress(new URL(address)))).toEqual(unsafe.map(() => false))
})

describe('a call with certificates of one’s own', () => {
  it('believes who their signer vouches for, and says who it is', async () => {
    await using cluster = await agonesCluster()
    const url = new URL('/gameserverallocation', cluster.url)
    const [ca, cert, key] = ['ca.crt', 'client.crt', 'client.key'].map((name) => readFileSync(tlsFile(name), 'utf8'))
    const outbound = open(url)
    const status = async (tls: OutboundTls) => (await outbound.call(url, { method: 'PUT', body: '{}', tls })).status
    expect(await status({ ca, cert, key })).toBe(404)
    expect(await status({ ca })).toBe(401)
    await expect(status({})).rejects.toMatchObject({ trouble: 'unreachable' })
    await expect(outbound.call(url)).rejects.toMatchObject({ trouble: 'unreachable' })
    const short = open(url, { bytesMax: 5 })
    await expect(short.call(url, { tls: { ca } })).rejects.toMatchObject({ trouble: 'too large' })
  })
})
