/** Muster for players: sign in, look for a match, play. Runs in browsers and on Node; everything is typed from the
 *  protocol. */
export { type ClientOptions, createClient, type MusterClient } from './client.ts'
export { MusterError } from './errors.ts'
export type { Gateway, SocketClass, SocketLike } from './gateway.ts'
export { type FindMatchOptions, type FoundMatch, type Matchmaking, SearchEnded } from './matchmaking.ts'
