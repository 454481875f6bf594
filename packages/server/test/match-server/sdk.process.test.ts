import { once } from 'node:events'
import { createServer } from 'node:http'
import { createClient } from '@muster/client'
import { type GameSession, type MatchRoom, offerMatchServer, openMatchRoom } from '@muster/gameserver'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { eventually } from '../support/eventually.ts'
import { type DialectGround, dialectGround } from './dialect-ground.ts'
import { connect, type DocumentSocket } from './document-client.ts'

/** A match server on `@muster/gameserver`: the first to say `Win` has won. */
async function matchServer(url: string, serverUser: string, port = 0) {
  const http = createServer((request, response) => server.listener(request, response)).listen(port, '127.0.0.1')
  await once(http, 'listening')
  const address = `127.0.0.1:${(http.address() as { port: number }).port}`
  const sockets = new WebSocketServer({ server: http })
  let room: MatchRoom | null = null
  sockets.on('connection', (socket) => (room === null ? socket.close(1013) : room.take(socket)))

  function play(session: GameSession) {
    const playing = openMatchRoom({
      session,
      onStarting: () => undefined,
      async onMessage(winner, { type }) {
        if (type !== 'Win') return
        const others = (session.match.factions?.flat() ?? []).filter((player) => player !== winner)
        await session.result({
          teams: [
            { players: [winner], rank: 1 },
            { players: others, rank: 2 },
          ],
        })
        playing.close()
      },
    })
    room = playing
  }
  const account = { url, username: 'sdk-server', password: 'sdk-server of the tests', serverUser }
  const server = await offerMatchServer({ ...account, address: [address], lifeS: 2, onMatch: play })
  return {
    address,
    port: (http.address() as { port: number }).port,
    revoke: server.revoke,
    /** As if its process had been killed: nothing is said, and its port is free. */
    async die() {
      for (const line of sockets.clients) line.terminate()
      http.close()
      http.closeAllConnections()
      await once(http, 'close')
    },
    async [Symbol.asyncDispose]() {
      await server.revoke()
      room?.close()
      http.close()
      http.closeAllConnections()
    },
  }
}

describe('a match server on the SDK', () => {
  let ground: DialectGround
  beforeAll(async () => {
    ground = await dialectGround()
  })
  afterAll(() => ground[Symbol.asyncDispose]())

  it('plays a match of the document’s clients, and says by itself who came and when it began', async () => {
    await using ms = await matchServer(ground.muster().url, ground.serverKey)
    const pair = await ground.two()
    const matches = await ground.confirmTogether(pair)
    expect(matches.map(({ address }) => address)).toEqual([ms.address, ms.address])
    const [ann, bob] = pair
    const native = createClient({ url: ground.muster().url })
    await native.login({ username: ann.username, password: `${ann.username} of the tests` })
    const session = (matches[0] as unknown as { sessionId: `session_${string}` }).sessionId
    expect((await native.session(session)).state).toBe('loading')

    const lines: DocumentSocket[] = [await ann.enter(matches[0]), await bob.enter(matches[1], false)]
    await eventually('it is told who came', async () =>
      (await native.session(session)).players.every(({ state }) => state === 'joined'),
    )
    lines[1]?.send({ type: 'LoadMatchComplete' })
    for (const line of lines) await line.until('MatchStarting')
    expect((await native.session(session)).state).toBe('in_progress')
    lines[0]?.send({ type: 'Win' })
    for (const line of lines) await line.closed
    expect((await native.session(session)).state).toBe('completed')
    expect(await ground.ratingOf(ann.username)).toBeGreaterThan((await ground.ratingOf(bob.username)) as number)
  })

  it('gives up what it played when it is back after it was killed', async () => {
    const killed = await matchServer(ground.muster().url, ground.serverKey)
    const pair = await ground.two()
    const matches = await ground.confirmTogether(pair)
    const lines = await Promise.all(pair.map((each, at) => each.enter(matches[at] as (typeof matches)[0])))
    for (const line of lines) await line.until('MatchStarting')
    await killed.die()
    await using back = await matchServer(ground.muster().url, ground.serverKey, killed.port)
    expect(back.address).toBe(killed.address)
    for (const each of pair) expect(await each.say({ type: 'AcceptMatch' })).toBe('MatchComplete')
    const again = await ground.confirmTogether(pair)
    expect(again[0].matchId).not.toBe(matches[0].matchId)
    // It lives on in this process, and offers on.
    await killed.revoke()
  })

  it('lets in clients of the other kind, by their tickets', async () => {
    await using ms = await matchServer(ground.muster().url, ground.serverKey)
    const { url } = ground.muster()
    const players = await Promise.all(
      ['rook', 'bishop'].map(async (name) => {
        const client = createClient({ url })
        await client.register({ username: `native-${name}`, password: 'correct horse staple' })
        return client
      }),
    )
    const found = await Promise.all(players.map((client) => client.findMatch({ queues: ['arena'] })))
    const lines = await Promise.all(
      found.map(async ({ match, ticket }) => {
        expect(match.address).toBe(ms.address)
        const line = await connect(match.address)
        line.send({ type: 'Authenticate', ticket })
        line.send({ type: 'LoadMatchComplete' })
        return line
      }),
    )
    for (const line of lines) await line.until('MatchStarting')
    lines[1]?.send({ type: 'Win' })
    for (const line of lines) await line.closed
    const { results } = await (players[0] as (typeof players)[number]).results({ session: found[0]?.match.session_id })
    expect(results[0]?.teams[0]?.players).toEqual([players[1]?.userId])
  })
})
