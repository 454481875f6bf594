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
  const local = localCounts(now)
  return {
    async spend(limit, who, amount = 1) {
      const window = Math.floor(now() / limit.perMs)
      const key = `limit:${limit.name}:${who}:${window}`
      const spent = await soft.add(key, amount, limit.perMs).catch(() => local(key, amount, limit.perMs))
      if (spent <= limit.max) return
      const retryAfterS = Math.max(1, Math.ceil(((window + 1) * limit.perMs - now()) / 1_000))
      throw new Refusal('RATE_LIMITED', { retryAfterS })
    },
  }
}

const localCountsMax = 50_000

/** Counts of this process alone, for while the shared ones are out of reach: a limit that holds for each node by itself
 *  is better than none, and than a service that refuses everybody. */
function localCounts(now: () => number): (key: string, amount: number, ttlMs: number) => number {
  const counts = new Map<string, { sum: number; endsAt: number }>()
  return (key, amount, ttlMs) => {
    let count = counts.get(key)
    if (count === undefined || count.endsAt <= now()) {
      for (const [old, { endsAt }] of counts) {
        // In the order in which they were begun: what is left when it is crowded is the newest.
        if (endsAt > now() && counts.size < localCountsMax) break
        counts.delete(old)
      }
      count = { sum: 0, endsAt: now() + ttlMs }
      counts.set(key, count)
    }
    count.sum += amount
    return count.sum
  }
}
