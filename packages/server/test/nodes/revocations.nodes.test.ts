import type { PlayerId, Tokens } from '@muster/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { openSocket, type SocketClient } from '../support/socket-client.ts'
import { type NodesGround, nodesGround } from './ground.ts'
import { unheardIdentity } from './identity.ts'

let ground: NodesGround
beforeAll(async () => {
  ground = await nodesGround()
}, 120_000)
afterAll(() => ground?.[Symbol.asyncDispose]())

const withinMs = 5_000
const nodes = [0, 1, 2]

const call = async (node: number, method: string, path: string, token: string | null, body?: object) => {
  const answer = await fetch(new URL(path, ground.on(node).url), {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
}

/** A player with calls and a socket on every node. */
async function everywhere() {
  const { body } = await call(0, 'POST', '/auth/guest', null, {})
  const tokens = body as Tokens
  const sockets = await Promise.all(
    nodes.map(async (node): Promise<SocketClient> => {
      const socket = await openSocket(`${ground.on(node).url.replace('http', 'ws')}/ws`, {
        protocols: ['muster', tokens.access_token],
      })
      await socket.next('welcome')
      return socket
    }),
  )
  for (const node of nodes) expect((await call(node, 'GET', '/players/me', tokens.access_token)).status).toBe(200)
  return { tokens, sockets }
}

/** Every node refuses the call, and has closed the socket, in time. */
async function goneEverywhere({ tokens, sockets }: Awaited<ReturnType<typeof everywhere>>, sinceMs: number) {
  const leftMs = withinMs - (performance.now() - sinceMs)
  await Promise.all([
    ...nodes.map((node) =>
      eventually(
        `node ${node + 1} refuses the call`,
        async () => (await call(node, 'GET', '/players/me', tokens.access_token)).status === 401,
        leftMs,
      ),
    ),
    ...sockets.map((socket, node) =>
      eventually(
        `node ${node + 1} closes the socket`,
        async () => socket.socket.readyState === socket.socket.CLOSED,
        leftMs,
      ),
    ),
  ])
}

const circumstances = [
  ['by hints', () => undefined],
  // Nobody hears a hint, and nothing answers that could be asked.
  ['while Redis is stopped', () => ground.cluster.redis?.stop()],
] as const

describe.each(circumstances)('within five seconds on every node, %s', (_, arrange) => {
  afterEach(() => ground.cluster.redis?.goOn())

  it('a logout ends calls and sockets', async () => {
    const player = await everywhere()
    arrange()
    const since = performance.now()
    expect((await call(1, 'POST', '/auth/logout', null, { refresh_token: player.tokens.refresh_token })).status).toBe(
      204,
    )
    await goneEverywhere(player, since)
    expect((await call(2, 'POST', '/auth/refresh', null, { refresh_token: player.tokens.refresh_token })).status).toBe(
      401,
    )
  })

  it('a ban ends calls and sockets', async () => {
    const player = await everywhere()
    await using identity = await unheardIdentity(ground.cluster.postgres.urlAt(ground.cluster.postgres.port))
    arrange()
    const since = performance.now()
    await identity.ban({ player: player.tokens.user_id as PlayerId, reason: 'test' }, 'test')
    await goneEverywhere(player, since)
    expect((await call(2, 'POST', '/auth/refresh', null, { refresh_token: player.tokens.refresh_token })).status).toBe(
      401,
    )
  })

  it('a revoked key opens nothing', async () => {
    const { cluster } = ground
    const made = await cluster.muster('keys', 'create', '--name', 'short', '--scope', 'service', '--json')
    const key = JSON.parse(made.stdout) as { id: string; secret: string }
    for (const node of nodes) expect((await call(node, 'GET', '/servers', key.secret)).status).toBe(200)
    arrange()
    expect(await cluster.muster('keys', 'revoke', key.id)).toMatchObject({ code: 0 })
    await Promise.all(
      nodes.map((node) =>
        eventually(
          `node ${node + 1} refuses the key`,
          async () => (await call(node, 'GET', '/servers', key.secret)).status === 401,
          withinMs,
        ),
      ),
    )
  })
})
