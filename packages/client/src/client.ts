import type { Admission, GoodBodyOf, PublicProfile, resultContracts, Session, Tokens } from '@muster/protocol'
import { type Account, createAccount } from './account.ts'
import { createGames, type Games } from './games.ts'
import { connectGateway, type Gateway, type SocketClass } from './gateway.ts'
import { createHttp } from './http.ts'
import { createMatchmaking, type Matchmaking } from './matchmaking.ts'
import { createStorage, type Storage } from './storage.ts'
import { createTokenStore } from './tokens.ts'

export interface ClientOptions {
  /** Where Muster answers: `https://play.example.com`. */
  url: string
  /** Tokens of an earlier visit. */
  tokens?: Tokens
  /** Called with every new pair, and with null when nobody is signed in any more: keep it for the next visit. */
  onTokens?: (tokens: Tokens | null) => void
  fetch?: typeof fetch
  /** Where the platform has none of its own (Node 20): the one of `ws`. */
  WebSocket?: SocketClass
}

export type Board = GoodBodyOf<typeof resultContracts.readLeaderboard>
export type Results = GoodBodyOf<typeof resultContracts.listResults>

export interface MusterClient extends Account, Matchmaking, Games {
  readonly storage: Storage
  player(id: string): Promise<PublicProfile>
  session(id: string): Promise<Session>
  /** A fresh ticket, to come in late or back after a dropped line. */
  ticket(sessionId: string): Promise<Admission>
  /** Gives up the own place in a session; a ranked result still counts. */
  leaveSession(sessionId: string): Promise<void>
  /** Newest first; `next` is the `after` of the following page. */
  results(query?: {
    player?: string
    session?: string
    board?: string
    limit?: number
    after?: string
  }): Promise<Results>
  /** By pages, or the rows around a player (`me`). */
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
  // Called as a function of its own: browsers refuse a `fetch` that is called as a method of something else.
  const ownFetch = options.fetch ?? ((...call: Parameters<typeof fetch>) => fetch(...call))
  const http = createHttp({ url, tokens, fetch: ownFetch })
  if (options.tokens !== undefined) tokens.set(options.tokens)

  const read = async <Body>(path: string, query?: Record<string, string | number | undefined>) =>
    (await http<Body>({ method: 'GET', path, query, signedIn: tokens.current() !== null })).body
  const inSession = (id: string, more = '') => `/sessions/${encodeURIComponent(id)}${more}`

  const account = createAccount(http, tokens)

  return {
    ...account,
    // Copied, it would for ever say who was signed in at first.
    get userId() {
      return account.userId
    },
    ...createMatchmaking(http),
    ...createGames(http),
    storage: createStorage(http),
    player: (id) => read(`/players/${encodeURIComponent(id)}`),
    session: (id) => read(inSession(id)),
    ticket: async (id) =>
      (
        await http<Admission>({
          method: 'POST',
          path: inSession(id, '/ticket'),
          signedIn: true,
          repeatable: true,
        })
      ).body,
    async leaveSession(id) {
      await http({ method: 'POST', path: inSession(id, '/leave'), signedIn: true, repeatable: true })
    },
    results: (query) => read('/results', query),
    leaderboard: (board, query) => read(`/leaderboards/${encodeURIComponent(board)}`, query),
    connect(onClosed) {
      const WebSocket = options.WebSocket ?? (globalThis as { WebSocket?: SocketClass }).WebSocket
      if (WebSocket === undefined) throw new Error('This platform has no WebSocket: hand one in, say that of `ws`.')
      return connectGateway({ url, tokens, WebSocket, onClosed })
    },
  }
}
