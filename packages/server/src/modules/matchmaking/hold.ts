/**
 * A mode whose matches find no server rests, so that its players are not thrown around: for twice as long each time. After
 * a rest a single match tries; while matches find servers, twice as many may try each time, until the rest is forgotten.
 */
export interface Hold {
  mode: string
  /** Why the last match found none: a session's cause, and the same in words that a player may read. */
  cause: string
  says: string
  /** In a row. */
  failures: number
  /** No match before this. */
  until: number
  /** Matches that may try at once after that. */
  allowance: number
}

export interface HoldRule {
  firstS: number
  maxS: number
}

/** A match that found no server. */
export type Failure = Pick<Hold, 'mode' | 'cause' | 'says'>

/** Beyond this many at once nothing is held back. */
const allowanceMax = 64

/** Failures of matches that were on their way together count as one. */
export function afterFailure(before: Hold | null, failure: Failure, rule: HoldRule, now: number): Hold {
  if (before !== null && now < before.until) return { ...before, ...failure, allowance: 1 }
  const failures = (before?.failures ?? 0) + 1
  const restS = Math.min(rule.maxS, rule.firstS * 2 ** Math.min(failures - 1, 30))
  return { ...failure, failures, until: now + restS * 1_000, allowance: 1 }
}

/** Null: all is well. */
export function afterSuccess(before: Hold, now: number): Hold | null {
  const allowance = before.allowance * 2
  return allowance > allowanceMax ? null : { ...before, failures: 1, until: Math.min(before.until, now), allowance }
}

/** Something changed for the better: a server came, or a session ended. */
export const lifted = (before: Hold, now: number): Hold => ({ ...before, until: Math.min(before.until, now) })
