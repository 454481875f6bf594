/** Muster's wire, schema first. Everything that crosses a process border is declared here once; types, validation and the
 *  OpenAPI document derive from it. */
export * from './contract.ts'
export type { Game } from './http/games.ts'
export * as gameContracts from './http/games.ts'
export type { Scope, Tokens } from './http/identity.ts'
export * as identityContracts from './http/identity.ts'
export type {
  MatchCompleted,
  MatchConfig,
  MatchData,
  MatchServerAnswer,
  MatchServerRequest,
  PrepareMatch,
} from './http/match-server.ts'
export * as matchServerContracts from './http/match-server.ts'
export type { Entry, Match, MatchOffer } from './http/matchmaking.ts'
export * as matchmakingContracts from './http/matchmaking.ts'
export type { OwnProfile, PublicProfile } from './http/profiles.ts'
export * as profileContracts from './http/profiles.ts'
export type { Links, Proof } from './http/providers.ts'
export * as providerContracts from './http/providers.ts'
export type { AcceptedResult, BoardRow } from './http/results.ts'
export * as resultContracts from './http/results.ts'
export type { Assignment, Kick, Server } from './http/servers.ts'
export * as serverContracts from './http/servers.ts'
export type { Admission, Session, SessionResult, SessionState } from './http/sessions.ts'
export * as sessionContracts from './http/sessions.ts'
export * from './ids.ts'
export * from './refusals.ts'
export * from './socket/messages.ts'
export * from './ticket.ts'
export { ticketHeader } from './ticket-header.ts'
