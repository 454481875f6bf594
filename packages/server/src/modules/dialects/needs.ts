import type { AcceptedResult, LoginId, PlayerId, ServerId, SessionId, SessionResult } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Caller, PlayerCaller } from '../../platform/http/route.ts'
import type { MintId } from '../../platform/ids.ts'
import type { Log } from '../../platform/log.ts'
import type { Outgoing } from '../../platform/outgoing/line.ts'
import type { Random } from '../../platform/random.ts'
import type { Secrets } from '../../platform/secrets.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { OfferedServers } from '../fleet/index.ts'
import type { Identity } from '../identity/index.ts'
import type { Matchmaking } from '../matchmaking/index.ts'
import type { Reports, SessionView } from '../sessions/index.ts'
import type { MatchServerStore } from './match-server/store.ts'

export interface DialectsNeeds {
  clock: Clock
  random: Random
  mintId: MintId
  db: Db
  wakes: Wakes
  secrets: Secrets
  log: Log
  /** What is kept of match servers; in PostgreSQL unless told. */
  matchServerStore?: MatchServerStore
  /** Connections to match servers; within `matchServersAllowed` unless told. */
  outgoing?: Outgoing

  register: Identity['register']
  signIn: Identity['signIn']
  endLogin(login: LoginId, address: string): Promise<void>
  callerOf(login: LoginId): Promise<PlayerCaller | null>
  verifyAccess(token: string): Promise<Caller | null>
  serverAccounts: Identity['serverAccounts']
  /** How long browsers keep the cookie of a login. */
  cookieLifeS: number

  /** The queues that a word of `modes` means: the queue of that name, or those of that mode. */
  queuesFor(word: string): readonly string[]
  leaveSession(session: SessionId, player: PlayerId): Promise<void>
  matchmaking: Pick<Matchmaking, 'join' | 'answer' | 'leave' | 'standingOf'>

  offered: OfferedServers
  reportTokenOf(session: SessionId): string
  ticketKeyOf(server: ServerId, instance: string): Uint8Array
  sessionsView(sessions: readonly SessionId[]): Promise<Map<SessionId, SessionView>>
  reports: Reports
  acceptResult(session: SessionId, result: SessionResult): Promise<unknown>
  resultOf(session: SessionId): Promise<AcceptedResult | null>
}
