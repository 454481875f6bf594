import type {
  AnswerOf,
  BodyOf,
  Contract,
  HeadersOf,
  KeyId,
  LoginId,
  ParamsOf,
  PlayerId,
  QueryOf,
  Scope,
  SessionId,
} from '@muster/protocol'
import type { MintId } from '../ids.ts'

/** Who is asking, as far as the token shows. */
export type Caller =
  | { kind: 'anyone' }
  | { kind: 'player'; player: PlayerId; nick: string; guest: boolean; login: LoginId; operator: boolean }
  | { kind: 'key'; key: KeyId; scopes: readonly Scope[] }
  | { kind: 'report'; session: SessionId }

export type PlayerCaller = Extract<Caller, { kind: 'player' }>

/** One request, parsed and let in. */
export interface Call<C extends Contract> {
  params: ParamsOf<C>
  query: QueryOf<C>
  headers: HeadersOf<C>
  body: BodyOf<C>
  caller: Caller
  requestId: string
  /** The caller's address, as far as named proxies vouch for it. */
  address: string
  /** It came by TLS, as far as is known here. */
  encrypted: boolean
  /** Mints the same ids again when the request comes again with the same Idempotency-Key. */
  mintId: MintId
  /** Ends when the caller has gone; long polls listen to it. */
  signal: AbortSignal
}

/** A contract and what answers it. */
export interface Route<C extends Contract = Contract> {
  contract: C
  handle(call: Call<C>): Promise<AnswerOf<C>>
}

/** Statuses of good answers. Naming them keeps a handler's `status: 200` from widening to a number. */
interface GoodAnswer {
  status: 200 | 201 | 202 | 204
}

/** Ties a contract to its handler, with both checked against each other. The result is widened so that routes of many
 *  contracts can stand in one list. */
export const route = <const C extends Contract, Answer extends GoodAnswer & AnswerOf<C>>(
  contract: C,
  handle: (call: Call<C>) => Promise<Answer>,
): Route => ({ contract, handle }) as unknown as Route

/** The caller as a player; only for routes whose contract lets in players alone. */
export function playerOf(call: { caller: Caller }): PlayerCaller {
  if (call.caller.kind !== 'player') throw new Error('This route lets in others than players.')
  return call.caller
}
