import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { type DocumentMatch, documentCaller, type Message } from './document-client.ts'

interface ClientCookie {
  ticket: string
  nickname: string
  playerId: string
}

interface Running {
  config: DocumentMatch
  cookies: ClientCookie[]
  lines: Map<string, WebSocket>
  loaded: Set<string>
  started: boolean
}

/** How the server meets PrepareMatch. */
export type Manner = 'prepares' | 'declines' | 'says nothing' | 'breaks down'

export interface DocumentServerOptions {
  url: string
  username: string
  /** How long it waits for everybody to load. */
  loadMs?: number
  port?: number
}

/**
 * A match server of the document: S0 idle, S1 players loading, S2 match in progress. It takes PrepareMatch and its players
 * on one port, and tells Muster nothing but MatchComplete.
 */
export async function documentServer({ url, username, loadMs = 10_000, port = 0 }: DocumentServerOptions) {
  const caller = documentCaller(url)
  const password = `${username} of the tests`
  const prepared: Message[] = []
  const signatures: string[] = []
  let manner: Manner = 'prepares'
  let running: Running | null = null
  let timer: NodeJS.Timeout | undefined

  const http = createServer(async (request, response) => {
    const body = await textOf(request)
    const message = JSON.parse(body) as Message
    prepared.push(message)
    signatures.push(String(request.headers['muster-signature']))
    if (manner === 'says nothing') return
    if (manner === 'breaks down') return void request.socket.destroy()
    if (manner === 'declines') return void response.writeHead(409).end('{"type":"Error"}')
    prepare(message)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"type":"MatchPrepared"}')
  })
  const sockets = new WebSocketServer({ server: http })
  http.listen(port, '127.0.0.1')
  await once(http, 'listening')
  const address = `127.0.0.1:${(http.address() as { port: number }).port}`

  function prepare(message: Message) {
    const config = message.matchConfig as DocumentMatch
    // The same match again is the same match.
    if (running?.config.matchId === config.matchId) return
    clearTimeout(timer)
    const cookies = message.clientCookies as ClientCookie[]
    running = { config, cookies, lines: new Map(), loaded: new Set(), started: false }
    timer = setTimeout(start, loadMs)
  }

  function start() {
    if (running === null || running.started) return
    clearTimeout(timer)
    running.started = true
    for (const line of running.lines.values()) line.send(JSON.stringify({ type: 'MatchStarting' }))
  }

  sockets.on('connection', (line) => {
    let player: string | null = null
    line.on('message', (data) => {
      const message = JSON.parse(String(data)) as Message
      if (message.type === 'Authenticate') {
        const cookie = running?.cookies.find(({ ticket }) => ticket === message.ticket)
        if (running === null || cookie === undefined) return line.close(1008, 'not of this match')
        player = cookie.playerId
        running.lines.get(player)?.close(4409, 'replaced')
        running.lines.set(player, line)
        // Who comes late, or back, is told at once.
        if (running.started) line.send(JSON.stringify({ type: 'MatchStarting' }))
      } else if (message.type === 'LoadMatchComplete' && running !== null && player !== null) {
        running.loaded.add(player)
        if (running.loaded.size === running.cookies.length) start()
      }
    })
  })

  return {
    ...caller,
    username,
    address,
    prepared,
    signatures,
    state: () => (running === null ? 'S0' : running.started ? 'S2' : 'S1'),
    meet(how: Manner) {
      manner = how
    },
    register: (serverUser: string) => caller.say({ type: 'Register', username, password, serverUser }),
    login: () => caller.say({ type: 'Login', username, password }),
    offer: (forMs = 60_000, addresses = [address]) =>
      caller.say({
        type: 'OfferMatchServer',
        address: addresses,
        expires: new Date(Date.now() + forMs).toISOString(),
      }),
    revoke: () => caller.say({ type: 'RevokeMatchServer' }),
    /** S2 → S0: the first of the match wins. */
    async complete(data?: Record<string, unknown>) {
      if (running === null) throw new Error('No match runs.')
      const { config, lines } = running
      const teams = config.players.map((player, at) => ({ players: [player], rank: at + 1 }))
      const answer = await caller.ask({
        type: 'MatchComplete',
        MatchData: data ?? { matchId: config.matchId, teams },
      })
      if (answer.status === 200) {
        for (const line of lines.values()) line.close(1000, 'over')
        running = null
      }
      return answer
    },
    /** As if its process had been killed. */
    async die() {
      clearTimeout(timer)
      for (const line of sockets.clients) line.terminate()
      http.closeAllConnections()
      if (!http.listening) return
      http.close()
      await once(http, 'close')
    },
  }
}

export type DocumentServer = Awaited<ReturnType<typeof documentServer>>

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += part
  return text
}
