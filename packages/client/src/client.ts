import type {
  AcceptedResult,
  Admission,
  GoodBodyOf,
  OwnProfile,
  PublicProfile,
  resultContracts,
  Session,
  Tokens,
} from '@muster/protocol'
import { connectGateway, type Gateway, type SocketClass } from './gateway.ts'
import { createHttp } from './http.ts'
import { createMatchmaking, type Matchmaking } from './matchmaking.ts'
import { createTokenStore } from './tokens.ts'

export interface ClientOptions {
  /** Where Muster answers: `https://play.example.com`. */
  url: string
  /** Tokens of an earlier visit. */
  tokens?: Tokens
  onTokens?: (tokens: Tokens | null) => void
  fetch?: typeof fetch
  /** Where the platform has none of its own (Node 20): the one of `ws`. */
  WebSocket?: SocketClass
}

type Board = GoodBodyOf<typeof resultContracts.readLeaderboard>

export interface MusterClient extends Matchmaking {
  /** Who is signed in. */
  readonly userId: string | null
  register(account: { username: string; password: string; nick?: string }): Promise<Tokens>
  login(account: { username: string; password: string }): Promise<Tokens>
  guest(username?: string): Promise<Tokens>
  upgrade(account: { username: string; password: string }): Promise<Tokens>
  logout(): Promise<void>
  logoutAll(): Promise<void>
  me(): Promise<OwnProfile>
  player(id: string): Promise<PublicProfile>
  session(id: string): Promise<Session>
  /** A fresh ticket, to come in late or back after a dropped line. */
  ticket(sessionId: string): Promise<Admission>
  results(query?: { player?: string; session?: string; limit?: number; after?: string }): Promise<AcceptedResult[]>
  leaderboard(board: string, query?: { limit?: number; after?: string; around?: string }): Promise<Board>
  /** Opens the gateway socket, for pushes instead of polling. */
  connect(onClosed?: (code: number, reason: string) => void): Gateway
}

/** A player's way to Muster. */
export function createClient(options: ClientOptions): MusterClient {
  const { url } = options
  const tokens = createTokenStore({
    exchange: async (refreshToken) =>
      (
        await http<Tokens>({
          method: 'POST',
          path: '/auth/refresh',
          body: { refresh_token: refreshToken },
          repeatable: true,
        })
      ).body,
    onTokens: options.onTokens,
  })
  const http = createHttp({ url, tokens, fetch: options.fetch ?? fetch })
  if (options.tokens !== undefined) tokens.set(options.tokens)

  const signIn = async (path: string, body: object, signedIn = false) => {
    const answer = await http<Tokens>({ method: 'POST', path, body, signedIn, repeatable: true })
    tokens.set(answer.body)
    return answer.body
  }
  const read = async <Body>(path: string, query?: Record<string, string | number | undefined>) =>
    (await http<Body>({ method: 'GET', path, query, signedIn: tokens.current() !== null })).body

  return {
    ...createMatchmaking(http),
    get userId() {
      return tokens.current()?.user_id ?? null
    },
    register: (account) => signIn('/auth/register', account),
    login: (account) => signIn('/auth/login', account),
    guest: (username) => signIn('/auth/guest', username === undefined ? {} : { username }),
    upgrade: (account) => signIn('/auth/upgrade', account, true),
    async logout() {
      const refreshToken = tokens.current()?.refresh_token
      if (refreshToken === undefined) return
      await http({ method: 'POST', path: '/auth/logout', body: { refresh_token: refreshToken }, repeatable: true })
      tokens.set(null)
    },
    async logoutAll() {
      await http({ method: 'POST', path: '/auth/logout-all', signedIn: true })
      tokens.set(null)
    },
    me: () => read('/players/me'),
    player: (id) => read(`/players/${id}`),
    session: (id) => read(`/sessions/${id}`),
    ticket: async (sessionId) =>
      (await http<Admission>({ method: 'POST', path: `/sessions/${sessionId}/ticket`, signedIn: true })).body,
    results: async (query) => (await read<{ results: AcceptedResult[] }>('/results', query)).results,
    leaderboard: (board, query) => read(`/leaderboards/${board}`, query),
    connect(onClosed) {
      const WebSocket = options.WebSocket ?? (globalThis as { WebSocket?: SocketClass }).WebSocket
      if (WebSocket === undefined) throw new Error('This platform has no WebSocket: hand one in, say that of `ws`.')
      return connectGateway({ url, tokens, WebSocket, onClosed })
    },
  }
}
