/** Muster for dedicated game servers. A server that Muster launches asks `launched()` for its session; one that runs
 *  by itself says `register()` and is handed sessions, or, in the match server dialect, `offerMatchServer()`. Either way it lets players in by their tickets and reports. */
export { type ApiOptions, call, MusterError } from './api.ts'
export { type Launch, launched } from './launched.ts'
export {
  type MatchRoom,
  type MatchRoomOptions,
  openMatchRoom,
  type ServerSocket,
  type SocketMessage,
} from './match-server/match-room.ts'
export { type MatchServer, type MatchServerOptions, offerMatchServer } from './match-server/offer.ts'
export { isSignedByMuster, type SignedRequest } from './match-server/signature.ts'
export { type BeatReport, type RegisteredServer, type RegisterOptions, register } from './register.ts'
export type { GameSession, MatchInfo } from './session.ts'
export { ticketSession } from './ticket-session.ts'
export {
  type Admission,
  type Admitted,
  createTicketGate,
  type TicketGate,
  type TicketGateOptions,
  type TicketRefusal,
} from './tickets.ts'
