import { type HttpCaller, httpCaller } from './http-caller.ts'
import { idleServer } from './idle-server.ts'

const mode = { server: { registered: true }, loadingTimeoutS: 3_600, allocateWaitS: 60 }
/** Friends who play on servers of their own; nobody ever comes to those. */
const friends = (loadingTimeoutS: number, ports: [number, number]) => ({
  ...{ server: { launch: idleServer(ports) }, private: {}, loadingTimeoutS },
})
const queue = { teams: 2, teamSize: 1, acceptTimeoutS: 600 }
const named = <T>(marks: readonly string[], of: (side: 'left' | 'right', mark: string) => T): Record<string, T> =>
  Object.fromEntries(
    marks.flatMap((mark) => (['left', 'right'] as const).map((side) => [`${mark}${side}`, of(side, mark)])),
  )

/** What `peopledWorld` needs of the server's configuration: two queues that cannot meet, and time enough. Each further
 *  mark makes room for a further world. */
export const worldConfigFor = (marks: readonly string[]) => ({
  modes: {
    ...named(marks, () => mode),
    friends: friends(3_600, [44_000, 44_999]),
    strangers: friends(1, [45_000, 45_099]),
  },
  boards: { left: { rating: { system: 'elo' as const } }, right: { rating: { system: 'glicko2' as const } } },
  queues: named(marks, (side, mark) => ({ ...queue, mode: `${mark}${side}`, board: side })),
  fleet: { ttlS: 7_200 },
  http: { requestsPerMinute: 1_000_000_000 },
  identity: { registrationsPerMinute: 1_000_000, guestsPerMinute: 1_000_000 },
  sessions: { ticketsPerMinute: 1_000_000 },
  games: { guessesPerMinute: 1_000_000, guessesPerAddress: 1_000_000, gamesPerMinute: 1_000_000 },
})

export const worldConfig = worldConfigFor([''])

export interface Person {
  user_id: string
  access_token: string
  refresh_token: string
}

/** One of two halves of a world that have nothing to do with each other. */
export interface Side {
  /** Two who play. */
  seated: [Person, Person]
  /** Under which the first of them signs in. */
  username: string
  /** Two to whom a match is offered. */
  offered: [Person, Person]
  /** Two friends in a private game, its host first. */
  hosts: [Person, Person]
  game: string
  passcode: string
  match: string
  session: string
  ticket: string
  report: string
  server: string
  ticketKey: string
  /** An API key of scope server. */
  key: { id: string; secret: string }
}

export interface World {
  call: HttpCaller
  operator: Person
  keys: Record<'service' | 'operator' | 'revoked', { id: string; secret: string }>
  left: Side
  right: Side
  /** Somebody who has nothing but a name: always the same, and one made for the occasion. */
  bystander: Person
  guest(): Promise<Person>
}

/** Of everybody in it who has one. */
export const password = 'a phrase that nobody guesses'

/** Fills a server that runs with `worldConfig`, over HTTP alone: on each side a game in play, a match on offer, a game
 *  server and its key. */
export async function peopledWorld(
  url: string,
  first: { username: string; password: string },
  /** Before the names of what is in it, where one world follows another. */
  mark = '',
): Promise<World> {
  const call = httpCaller(url)
  const good = async (line: string, asked: Parameters<HttpCaller>[1] = {}) => {
    const answer = await call(line, asked)
    if (answer.status >= 300) throw new Error(`${line}: ${answer.status} ${answer.text}`)
    return answer.body
  }
  const person = (body: unknown) => body as Person
  const operator = person(await good('POST /auth/login', { body: first }))
  const makeKey = async (name: string, scopes: string[]) => {
    const made = await good('POST /keys', { token: operator.access_token, body: { name, scopes } })
    return { id: String(made.id), secret: String(made.secret) }
  }
  const guest = async () => person(await good('POST /auth/guest', { body: {} }))
  const register = async (username: string) =>
    person(await good('POST /auth/register', { body: { username, password } }))

  async function untilOffered({ access_token: token }: Person): Promise<string> {
    for (let tries = 0; tries < 30; tries++) {
      const entry = await good('GET /matchmaking/entries/me?wait_s=5', { token })
      if (entry.status === 'match_found') return (entry.offer as unknown as { match_id: string }).match_id
    }
    throw new Error('No match was found.')
  }

  async function offeredTo(queue: string, pair: [Person, Person]): Promise<string> {
    for (const { access_token: token } of pair) {
      await good('POST /matchmaking/entries', { token, body: { queues: [queue] } })
    }
    const [match] = await Promise.all(pair.map(untilOffered))
    return match as string
  }

  async function assigned(server: string, token: string): Promise<{ session_id: string; report_token: string }> {
    for (let tries = 0; tries < 30; tries++) {
      const beat = { current_players: 0, load: 0, wait_s: 5 }
      const { assign } = await good(`POST /servers/${server}/heartbeat`, { token, body: beat })
      const [brief] = assign as unknown as { session_id: string; report_token: string }[]
      if (brief !== undefined) return brief
    }
    throw new Error('The server was given no session.')
  }

  async function side(name: 'left' | 'right'): Promise<Side> {
    const key = await makeKey(`${name} servers`, ['server'])
    const server = `${mark}${name}-server`
    const registered = await good('POST /servers', {
      token: key.secret,
      body: { id: server, name, address: '127.0.0.1', ports: { game: 7_777 }, capacity: 64, modes: [`${mark}${name}`] },
    })
    const username = `${mark}${name}.ann`
    const seated: [Person, Person] = [await register(username), await register(`${mark}${name}.bob`)]
    const played = await offeredTo(`${mark}${name}`, seated)
    for (const { access_token: token } of seated) await good(`POST /matchmaking/matches/${played}/accept`, { token })
    const { session_id: session, report_token: report } = await assigned(server, key.secret)
    const say = (what: string, body: object) => good(`POST /sessions/${session}/${what}`, { token: report, body })
    await say('ready', {})
    const { ticket } = await good(`POST /sessions/${session}/ticket`, { token: seated[0].access_token })
    await say('players', { joined: seated.map(({ user_id }) => user_id) })
    await say('started', {})
    const hosts: [Person, Person] = [await guest(), await guest()]
    const hosted = await good('POST /games', { token: hosts[0].access_token, body: { mode: 'friends' } })
    const passcode = String(hosted.passcode)
    await good('POST /games/join', { token: hosts[1].access_token, body: { passcode } })
    const offered: [Person, Person] = [await guest(), await guest()]
    const match = await offeredTo(`${mark}${name}`, offered)
    return {
      ...{ hosts, game: String(hosted.game_id), passcode },
      ...{ seated, username, offered, match, session, report, server, key },
      ...{ ticket: String(ticket), ticketKey: String(registered.ticket_key) },
    }
  }

  const [left, right] = await Promise.all([side('left'), side('right')])
  const [service, operatorKey, revoked] = await Promise.all([
    makeKey('service', ['service']),
    makeKey('operator', ['operator']),
    makeKey('revoked', ['server', 'service', 'operator']),
  ])
  await good(`DELETE /keys/${revoked.id}`, { token: operator.access_token })
  const bystander = await guest()
  return { ...{ call, operator, left, right, bystander, guest }, keys: { service, operator: operatorKey, revoked } }
}
