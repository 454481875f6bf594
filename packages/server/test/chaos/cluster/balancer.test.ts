import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterEach, expect, it, vi } from 'vitest'
import { openBalancer } from './balancer.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** A node that is ready as long as told, and answers with its name. */
async function backend(name: string) {
  const state = { ready: true, calls: 0 }
  const server = createServer((request, response) => {
    if (request.url === '/readyz') return void response.writeHead(state.ready ? 200 : 503).end()
    state.calls++
    if (request.url === '/dies') return void request.socket.destroy()
    response.end(`${name} ${request.headers['x-forwarded-for']}`)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { name, port: (server.address() as { port: number }).port, state }
}
const ask = async (url: string) => {
  const answer = await fetch(url)
  return [answer.status, await answer.text()]
}

it('takes turns, leaves out who is not ready, tries all where none is, and repeats nothing', async () => {
  const [a, b] = await Promise.all([backend('a'), backend('b')])
  await using balancer = await openBalancer([a, b])
  expect((await Promise.all([1, 2, 3, 4].map(() => ask(balancer.url)))).map(String).sort()).toEqual([
    ...['200,a 127.0.0.1', '200,a 127.0.0.1', '200,b 127.0.0.1', '200,b 127.0.0.1'],
  ])

  a.state.ready = false
  await vi.waitFor(() => expect(balancer.healthy()).toEqual(['b']), 5_000)
  expect(await ask(balancer.url)).toEqual([200, 'b 127.0.0.1'])
  expect(await ask(balancer.url)).toEqual([200, 'b 127.0.0.1'])

  const before = a.state.calls + b.state.calls
  expect((await ask(`${balancer.url}/dies`))[0]).toBe(502)
  expect(a.state.calls + b.state.calls).toBe(before + 1)

  b.state.ready = false
  await vi.waitFor(() => expect(balancer.healthy()).toEqual([]), 5_000)
  expect((await ask(balancer.url))[0]).toBe(200)
})
