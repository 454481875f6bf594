import type { SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Tx } from '../../platform/db.ts'
import type { SessionsOptions } from './config.ts'
import type { SessionStore } from './store.ts'

/** Keeps late news of an ended session, marked as late: it revives nothing. The caller holds the session's lock. */
export type KeepLate = (tx: Tx, session: SessionId, kind: string, body: unknown) => Promise<void>

export const lateKeeper =
  (ground: { clock: Clock; store: SessionStore }, options: Pick<SessionsOptions, 'lateReportsMax'>): KeepLate =>
  (tx, session, kind, body) =>
    ground.store.keepLate(tx, session, { kind, body, at: ground.clock.now() }, options.lateReportsMax)
