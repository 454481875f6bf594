import type { Clock } from '../../platform/clock.ts'
import type { SessionsOptions } from './config.ts'
import type { Glance } from './store.ts'

/** Whether time limits count. */
export interface Patience {
  /** A round of looking begins. */
  begin(): void
  /** A round of looking ended well. */
  end(): void
  isOver(session: Pick<Glance, 'state' | 'deadlineAt'>): boolean
}

/** Rounds that lie further apart than this many of their intervals were broken off by an outage. */
const missedRoundsMax = 4
const outageMs = 2_000

/**
 * While Muster itself was away no server could report, so the first rounds after an outage give them a grace before any
 * time limit counts. A search for a server needs nobody's report; its limit always counts.
 */
export function createPatience(
  clock: Clock,
  { sweepMs, outageGraceS }: Pick<SessionsOptions, 'sweepMs' | 'outageGraceS'>,
): Patience {
  let endedAt: number | null = null
  let steadySince = Number.POSITIVE_INFINITY
  return {
    begin() {
      const now = clock.now()
      const gapMax = Math.max(outageMs, missedRoundsMax * sweepMs)
      if (endedAt === null || now - endedAt > gapMax) steadySince = now
    },
    end() {
      endedAt = clock.now()
    },
    isOver({ state, deadlineAt }) {
      const now = clock.now()
      if (deadlineAt === null || deadlineAt > now) return false
      return state === 'requested' || now - steadySince >= outageGraceS * 1_000
    },
  }
}
