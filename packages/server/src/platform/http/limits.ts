import { Refusal } from '@muster/protocol'
import type { SoftState } from '../soft-state.ts'

export interface Limit {
  /** What is counted: `login`, `request` … */
  name: string
  max: number
  perMs: number
}

/** Counts what somebody does in windows of fixed length. Where the count is lost, the window starts anew. */
export interface Limits {
  /** Throws RATE_LIMITED beyond the limit. */
  spend(limit: Limit, who: string, amount?: number): Promise<void>
}

export function createLimits(soft: SoftState, now: () => number): Limits {
  return {
    async spend(limit, who, amount = 1) {
      const window = Math.floor(now() / limit.perMs)
      const spent = await soft.add(`limit:${limit.name}:${who}:${window}`, amount, limit.perMs)
      if (spent <= limit.max) return
      const retryAfterS = Math.max(1, Math.ceil(((window + 1) * limit.perMs - now()) / 1_000))
      throw new Refusal('RATE_LIMITED', { retryAfterS })
    },
  }
}
