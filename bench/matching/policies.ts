import { MatchIndex, type WindowRule } from '@muster/server/matching'
import { chanceFrom } from './chance.ts'
import type { Policy, Waiting } from './simulate.ts'

/** The commonest way: whoever waits longest takes the nearest whose window and own reach each other; windows widen. */
export function greedy(initial: number, perSecond: number, max: number): Policy {
  return {
    pairs(pool, _came, nowS) {
      const reachOf = (each: Waiting): number => Math.min(max, initial + perSecond * (nowS - each.sinceS))
      const taken = new Set<Waiting>()
      const pairs: [Waiting, Waiting][] = []
      for (const one of pool) {
        if (taken.has(one)) continue
        let nearest: Waiting | null = null
        let least = reachOf(one)
        for (const other of pool) {
          if (other === one || taken.has(other)) continue
          const gap = Math.abs(one.rating - other.rating)
          if (gap > least || gap > reachOf(other)) continue
          least = gap
          nearest = other
        }
        if (nearest === null) continue
        taken.add(one).add(nearest)
        pairs.push([one, nearest])
      }
      return pairs
    },
  }
}

/**
 * Waves, as lichess plays them: every twelve seconds, or when 24 wait, the best pairs of all who wait.
 * A pair may differ by 100 to 166 points by rating, 30 more between players who leave no games,
 * and 12 more for every wave that both have missed.
 */
export function waves(everyS = 12, full = 24): Policy {
  const chance = chanceFrom(5)
  const missed = new Map<Waiting, number>()
  let nextS = everyS + chance.fraction()
  const reachOf = (a: Waiting, b: Waiting): number => {
    const low = Math.min(a.rating, b.rating)
    const base = low < 1000 ? 130 : low < 1500 ? 100 : low / 15
    return base + 30 + Math.min(460, 12 * (missed.get(a) ?? 0), 12 * (missed.get(b) ?? 0))
  }
  return {
    pairs(pool, came, nowS) {
      if (nowS < nextS && (came.length === 0 || pool.length < full)) return []
      nextS = nowS + everyS + chance.fraction()
      const pairs = bestPairs(pool, (a, b) => Math.abs(a.rating - b.rating) <= reachOf(a, b))
      for (const each of pool) missed.set(each, (missed.get(each) ?? 0) + 1)
      for (const each of pairs.flat()) missed.delete(each)
      return pairs
    },
  }
}

/** The engine itself, behind one queue. */
export function engine(window: WindowRule): Policy {
  const index = new MatchIndex({ teams: 2, teamSize: 1, window })
  const byId = new Map<string, Waiting>()
  return {
    pairs(_pool, came, nowS) {
      for (const each of came) {
        const id = `${each.number}`
        byId.set(id, each)
        index.add({ id, rating: each.rating, size: 1, sinceMs: each.sinceS * 1000, front: false })
      }
      return [...index.pass(nowS * 1000)].map(({ teams }) => {
        const [a, b] = teams.flat().map((id) => {
          const each = byId.get(id)!
          byId.delete(id)
          return each
        })
        return [a!, b!]
      })
    },
  }
}

/**
 * Most pairs, then the least sum of gaps, by trying all that lie up to twelve places apart: with the few dozens of a
 * wave, that is as good as exact.
 */
function bestPairs(pool: Waiting[], suit: (a: Waiting, b: Waiting) => boolean): [Waiting, Waiting][] {
  const line = pool.toSorted((a, b) => a.rating - b.rating)
  const ahead = Math.min(12, Math.max(1, line.length - 1))
  const leave = 1e7
  type Plan = { cost: number; before: Plan | null; pair: [number, number] | null }
  let plans = new Map<number, Plan>([[0, { cost: 0, before: null, pair: null }]])
  for (let i = 0; i < line.length; i++) {
    const next = new Map<number, Plan>()
    const offer = (taken: number, cost: number, before: Plan, pair: [number, number] | null): void => {
      const known = next.get(taken)
      if (known === undefined || cost < known.cost) next.set(taken, { cost, before, pair })
    }
    for (const [taken, plan] of plans) {
      if (taken & 1) {
        offer(taken >> 1, plan.cost, plan, null)
        continue
      }
      offer(taken >> 1, plan.cost + leave, plan, null)
      for (let d = 1; d <= ahead && i + d < line.length; d++) {
        if ((taken >> d) & 1 || !suit(line[i]!, line[i + d]!)) continue
        offer((taken | (1 << d)) >> 1, plan.cost + line[i + d]!.rating - line[i]!.rating, plan, [i, i + d])
      }
    }
    plans = next
  }
  const pairs: [Waiting, Waiting][] = []
  for (let plan: Plan | null = plans.get(0)!; plan !== null; plan = plan.before) {
    if (plan.pair !== null) pairs.push([line[plan.pair[0]]!, line[plan.pair[1]]!])
  }
  return pairs
}
