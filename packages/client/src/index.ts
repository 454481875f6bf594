/** Muster for players: sign in, look for a match, play. Runs in browsers and on Node; everything is typed from the
 *  protocol. */
export type { Account, Credentials } from './account.ts'
export { type Board, type ClientOptions, createClient, type MusterClient, type Results } from './client.ts'
export { MusterError } from './errors.ts'
export type { Games, Invitation } from './games.ts'
export type { Gateway, SocketClass, SocketLike } from './gateway.ts'
export {
  type FindMatchOptions,
  type FollowOptions,
  type FoundMatch,
  type Matchmaking,
  type OfferAnswer,
  SearchEnded,
} from './matchmaking.ts'
export type { OnlyOver, Storage, StoredObject } from './storage.ts'
