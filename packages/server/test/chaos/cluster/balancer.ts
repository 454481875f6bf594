import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'

/** A node as the balancer reaches it. */
export interface Backend {
  name: string
  port: number
}

export interface Balancer extends AsyncDisposable {
  url: string
  /** Those that answered well when they were last asked. */
  healthy(): string[]
}

const askEveryMs = 500
const answerWithinMs = 2_000
const failuresMax = 2
/** Longer than any long poll. */
const silenceMs = 45_000

/**
 * Hands each call to the next healthy node, and retries nothing: who calls must cope. Nodes are asked for `/readyz`
 * twice a second. Where none is ready all are tried, as such balancers do: they may be able to do something yet.
 */
export async function openBalancer(backends: readonly Backend[]): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 })
  const failures = new Map(backends.map(({ port }) => [port, failuresMax]))
  const sockets = new Set<Socket>()
  let turn = 0

  const isHealthy = ({ port }: Backend) => (failures.get(port) ?? 0) < failuresMax
  function next(): Backend {
    const good = backends.filter(isHealthy)
    const from = good.length > 0 ? good : backends
    return from[turn++ % from.length] as Backend
  }

  async function ask({ port }: Backend) {
    try {
      const signal = AbortSignal.timeout(answerWithinMs)
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal })
      await answer.arrayBuffer()
      failures.set(port, answer.ok ? 0 : (failures.get(port) ?? 0) + 1)
    } catch {
      failures.set(port, (failures.get(port) ?? 0) + 1)
    }
  }
  const asking = setInterval(() => {
    for (const backend of backends) void ask(backend)
  }, askEveryMs)
  await Promise.all(backends.map(ask))

  function forward(call: IncomingMessage, answer: ServerResponse) {
    const { port } = next()
    const headers = { ...call.headers, 'x-forwarded-for': call.socket.remoteAddress ?? '' }
    const onward = request({ ...{ host: '127.0.0.1', port, agent, headers }, method: call.method, path: call.url })
    onward.setTimeout(silenceMs, () => onward.destroy(new Error('The node keeps silent.')))
    onward.on('response', (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(answer)
      answered.on('error', () => answer.destroy())
    })
    onward.on('error', (error) => {
      if (answer.headersSent) answer.destroy()
      else answer.writeHead(502, { 'content-type': 'text/plain' }).end(`${error.message}\n`)
    })
    answer.on('close', () => onward.destroy())
    call.pipe(onward)
  }

  const server = createServer(forward)
  server.on('upgrade', (call, near: Socket, head: Buffer) => {
    const far = connect({ port: next().port, host: '127.0.0.1', noDelay: true })
    const end = () => {
      near.destroy()
      far.destroy()
    }
    const lines = [`${call.method} ${call.url} HTTP/1.1`]
    for (let at = 0; at < call.rawHeaders.length; at += 2)
      lines.push(`${call.rawHeaders[at]}: ${call.rawHeaders[at + 1]}`)
    far.write(`${lines.join('\r\n')}\r\n\r\n`)
    far.write(head)
    near.pipe(far)
    far.pipe(near)
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    healthy: () => backends.filter(isHealthy).map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      clearInterval(asking)
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      agent.destroy()
      await closed
    },
  }
}
