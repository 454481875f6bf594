import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A message of the document: a `type`, and what goes with it. */
export type Message = { type: string } & Record<string, unknown>

export interface DocumentMatch {
  type: 'MatchConfig'
  address: string
  matchId: string
  factions: string[]
  nicknames: string[]
  players: string[]
  ticket: string
}

export interface Spoken {
  status: number
  body: Message
  headers: Headers
}

/** Speaks the document's REST half by plain `fetch`, and is known by its cookie, as a browser or an express client is. */
export function documentCaller(url: string) {
  let cookie: string | null = null
  async function ask(message: Message, headers: Record<string, string> = {}): Promise<Spoken> {
    const response = await fetch(`${url}/mms`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(cookie === null ? {} : { cookie }), ...headers },
      body: JSON.stringify(message),
    })
    const set = response.headers.get('set-cookie')
    if (set !== null) cookie = set.split(';')[0] ?? null
    return { status: response.status, body: (await response.json()) as Message, headers: response.headers }
  }
  return {
    ask,
    cookie: () => cookie,
    /** The answer's type; for an error, its status and code. */
    async say(message: Message): Promise<string> {
      const { status, body } = await ask(message)
      return body.type === 'Error' ? `${status} ${body.code}` : body.type
    },
  }
}

export type DocumentCaller = ReturnType<typeof documentCaller>

const pollMs = 50
const confirmMs = 40_000
const pause = () => new Promise((resolve) => setTimeout(resolve, pollMs))

/** A game client of the document: C0 idle, C1 matching, C2 match confirmed, C3 in the match. */
export function documentClient(url: string, username: string) {
  const caller = documentCaller(url)
  const password = `${username} of the tests`
  let state: 'C0' | 'C1' | 'C2' | 'C3' = 'C0'

  /** Asks until the answer is of that type. */
  async function lookUntil(types: string[], modes: string[], withinMs = 20_000): Promise<Message> {
    const until = performance.now() + withinMs
    for (;;) {
      const { body } = await caller.ask({ type: 'LookForMatch', modes })
      if (types.includes(body.type)) return body
      if (body.type === 'Error') throw new Error(`${username}: ${JSON.stringify(body)}`)
      if (performance.now() > until) throw new Error(`${username} never heard ${types.join(', ')}, but ${body.type}.`)
      await pause()
    }
  }

  return {
    ...caller,
    username,
    state: () => state,
    lookUntil,
    register: () => caller.say({ type: 'Register', username, password, serverUser: '' }),
    login: () => caller.say({ type: 'Login', username, password }),
    /** C0 → C1 */
    async look(...modes: string[]): Promise<string> {
      const said = await caller.say({ type: 'LookForMatch', modes })
      if (said === 'LookingForMatch') state = 'C1'
      return said
    },
    /** Looks, and accepts whatever is found, until it is confirmed: C1 → C2, with the match. */
    async confirm(...modes: string[]): Promise<DocumentMatch> {
      const until = performance.now() + confirmMs
      while (performance.now() < until) {
        const answer = await lookUntil(['MatchFound', 'MatchConfirmed'], modes)
        if (answer.type === 'MatchConfirmed') {
          state = 'C2'
          return answer.matchConfig as DocumentMatch
        }
        if (!answer.youAccepted) await caller.ask({ type: 'AcceptMatch' })
        await pause()
      }
      throw new Error(`${username}’s match was never confirmed.`)
    },
    /** Connects, authenticates and loads: C2 → C3 with MatchStarting. */
    async enter(match: DocumentMatch, load = true): Promise<DocumentSocket> {
      const socket = await connect(match.address)
      socket.send({ type: 'Authenticate', ticket: match.ticket })
      if (load) socket.send({ type: 'LoadMatchComplete' })
      void socket.until('MatchStarting').then(
        () => {
          state = 'C3'
        },
        () => undefined,
      )
      void socket.closed.then(() => {
        state = 'C0'
      })
      return socket
    },
  }
}

export type DocumentClient = ReturnType<typeof documentClient>

export interface DocumentSocket {
  send(message: Message): void
  heard: Message[]
  until(type: string): Promise<Message>
  closed: Promise<number>
  close(): void
}

/** The document's socket between a client and a match server. */
export async function connect(address: string): Promise<DocumentSocket> {
  const line = new WebSocket(`ws://${address}/`)
  const heard: Message[] = []
  const waiting = new Set<() => void>()
  line.on('message', (data) => {
    heard.push(JSON.parse(String(data)) as Message)
    for (const look of [...waiting]) look()
  })
  const closed = new Promise<number>((resolve) => {
    line.on('close', (code) => {
      resolve(code)
      for (const look of [...waiting]) look()
    })
    line.on('error', () => undefined)
  })
  await once(line, 'open')
  return {
    heard,
    closed,
    send: (message) => line.send(JSON.stringify(message)),
    until: (type) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = heard.find((message) => message.type === type)
          if (found === undefined && line.readyState <= WebSocket.OPEN) return
          waiting.delete(look)
          if (found === undefined) reject(new Error(`The line ended before ${type}.`))
          else resolve(found)
        }
        waiting.add(look)
        look()
      }),
    close: () => line.close(),
  }
}
