import type { ServerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../../../platform/db.ts'
import type { Allocation, Claim, KeptState } from '../../domain.ts'

/**
 * A session's claim on a server of a cluster:
 *
 *   asked ─► given ─► taken ─► over ─► (no row)
 *     └────────┴─ nobody wants it any more ─► over
 *
 * Asked: the cluster is to be asked. Given: it has answered with a server. Taken: the session has it. Over: what the
 * cluster may have given is to be given back.
 */
export type ClaimState = 'asked' | 'given' | 'taken' | 'over'

export interface ClusterClaim extends Claim {
  server: ServerId
  instance: string
  cluster: string
}

export interface KnownClaim {
  state: ClaimState
  /** The last answer was that there is no room. */
  full: boolean
}

export interface TakenServer {
  session: SessionId
  server: ServerId
  /** Its name in the cluster. */
  name: string
  /** Of its server's row; `gone` where there is none any more. */
  state: KeptState
}

export interface OverClaim {
  session: SessionId
  /** Null where the cluster is not known to have given any. */
  name: string | null
}

export interface ClusterStore {
  /** Writes down that the session wants a server, or that it still does; tells how that stands. */
  want(tx: Tx, claim: ClusterClaim, now: number): Promise<KnownClaim>
  /** Makes the given server one of the fleet's, claimed by the session; null where the session has had one before. */
  take(tx: Tx, request: { session: SessionId; ready: boolean; now: number }): Promise<Allocation | null>
  /** Claims to ask for now: each is this caller's until `leaseMs` are over. */
  due(
    tx: Tx,
    request: { clusters: readonly string[]; now: number; leaseMs: number; limit: number },
  ): Promise<ClusterClaim[]>
  /** False where nobody wants it any more. */
  give(tx: Tx, given: { session: SessionId; name: string; host: string; port: number }): Promise<boolean>
  /** To be asked again then. */
  putOff(tx: Tx, again: { session: SessionId; full: boolean; at: number }): Promise<void>
  /** In the order of sessions, those behind `after`. */
  taken(tx: Tx, cluster: string, after: string, limit: number): Promise<TakenServer[]>
  /** Whoever has not said since that it wants one, wants none. */
  drop(tx: Tx, request: { wantedBefore: number; now: number }): Promise<number>
  /** Their sessions are over; what is to be given back is due at that time. */
  finish(tx: Tx, servers: readonly ServerId[], dueAt: number): Promise<void>
  overdue(
    tx: Tx,
    request: { clusters: readonly string[]; now: number; leaseMs: number; limit: number },
  ): Promise<(OverClaim & { cluster: string })[]>
  forget(tx: Tx, sessions: readonly SessionId[]): Promise<void>
}
