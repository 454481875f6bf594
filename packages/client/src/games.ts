import type { BodyOf, Game, GoodBodyOf, gameContracts } from '@muster/protocol'
import type { Http } from './http.ts'

export type Invitation = GoodBodyOf<typeof gameContracts.readInvitation>

/** Private games with friends. */
export interface Games {
  /** Opens one; resolves once its server is ready. `wait_s` queues for a server where none is free. */
  hostGame(game: BodyOf<typeof gameContracts.createGame>): Promise<Game>
  /** Joins by a passcode, or comes back, with a fresh ticket, while the game runs. */
  joinGame(passcode: string): Promise<Game>
  /** The game that the player is in, with a fresh ticket. */
  ownGame(): Promise<Game>
  /** Also while it waits for a server. Where the host leaves before play has begun, it is over for all. */
  leaveGame(): Promise<void>
  invitation(passcode: string): Promise<Invitation>
  /** For hosts. */
  setDoor(gameId: string, door: 'open' | 'closed'): Promise<void>
  kick(gameId: string, playerId: string): Promise<void>
  endGame(gameId: string): Promise<void>
}

export function createGames(http: Http): Games {
  const game = (id: string, more = '') => `/games/${encodeURIComponent(id)}${more}`
  const signedIn = true
  return {
    hostGame: async (body) =>
      (await http<Game>({ method: 'POST', path: '/games', body, signedIn, repeatable: true })).body,
    joinGame: async (passcode) =>
      (await http<Game>({ method: 'POST', path: '/games/join', body: { passcode }, signedIn })).body,
    ownGame: async () => (await http<Game>({ method: 'GET', path: '/games/me', signedIn })).body,
    async leaveGame() {
      await http({ method: 'DELETE', path: '/games/me', signedIn })
    },
    invitation: async (passcode) =>
      (await http<Invitation>({ method: 'GET', path: `/join/${encodeURIComponent(passcode)}` })).body,
    async setDoor(id, door) {
      await http({ method: 'PATCH', path: game(id), body: { door }, signedIn })
    },
    async kick(id, player) {
      await http({ method: 'POST', path: game(id, '/kick'), body: { player_id: player }, signedIn })
    },
    async endGame(id) {
      await http({ method: 'DELETE', path: game(id), signedIn })
    },
  }
}
