import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface TestProxy extends AsyncDisposable {
  port: number
  /** Connections made through it so far. */
  made(): number
  /** From now on nothing passes, in either direction, but nothing is closed either. */
  swallow(): void
  /** Everything passes again; what was swallowed is lost with its connections. */
  restore(): void
  /** Closes every connection. */
  cut(): void
  /** Closes every connection, and refuses new ones until `listen`. */
  refuse(): Promise<void>
  listen(): Promise<void>
}

/** A wire on loopback that a test can cut, stop or let die in silence. */
export async function testProxy(target: { host: string; port: number }): Promise<TestProxy> {
  const pairs = new Set<[Socket, Socket]>()
  let swallowing = false
  let count = 0
  const server = createServer((near) => {
    count++
    const far = connect(target.port, target.host)
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    const end = () => {
      near.destroy()
      far.destroy()
      pairs.delete(pair)
    }
    near.on('data', (data) => swallowing || far.write(data))
    far.on('data', (data) => swallowing || near.write(data))
    for (const socket of pair) socket.on('error', end).on('close', end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const cut = () => {
    for (const [near, far] of [...pairs]) {
      near.destroy()
      far.destroy()
    }
  }
  const refuse = async () => {
    if (!server.listening) return
    server.close()
    cut()
    await once(server, 'close')
  }
  return {
    ...{ port, cut, refuse },
    made: () => count,
    swallow: () => {
      swallowing = true
    },
    restore: () => {
      cut()
      swallowing = false
    },
    async listen() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    [Symbol.asyncDispose]: refuse,
  }
}
