import type { PauseRule } from './config.ts'

/** What is remembered of a player who let matches fall through. */
export interface Strikes {
  count: number
  at: number
  pausedUntil: number
}

/** One more match fell through by this player's doing. */
export function struck(before: Strikes | null, rule: PauseRule, now: number): Strikes {
  const isForgotten = before === null || now - before.at > rule.forgetS * 1_000
  const count = (isForgotten ? 0 : before.count) + 1
  const over = count - rule.free
  const pauseS = over <= 0 ? 0 : Math.min(rule.maxS, rule.firstS * rule.factor ** (over - 1))
  return { count, at: now, pausedUntil: Math.max(before?.pausedUntil ?? 0, pauseS === 0 ? 0 : now + pauseS * 1_000) }
}
