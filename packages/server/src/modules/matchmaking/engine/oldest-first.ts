import { dueCost, type Line } from './line.ts'
import type { Pairing } from './pairs.ts'

/** How many of those left over are helped in one pass, the oldest first, and how far around each is looked. */
const helpedMax = 64
const lookedAtMax = 256

/**
 * Gives those left over who go first the place of somebody younger.
 *
 * The pairing leaves them out only when windows narrower than theirs crowd the line between them and all who suit.
 * Taking one of a younger pair keeps the number of pairs; so whoever is overdue is served as soon as
 * anybody suits who would otherwise play with somebody younger.
 */
export function serveOldestFirst(line: Line, left: Int32Array, leftCount: number, pairing: Pairing): void {
  if (pairing.count === 0) return
  const helped = oldestDue(line, left, leftCount)
  if (helped.length === 0) return
  const pairOf = new Int32Array(line.count).fill(-1)
  for (let p = 0; p < pairing.count; p++) {
    pairOf[pairing.low[p]!] = p
    pairOf[pairing.high[p]!] = p
  }
  for (const place of helped) {
    const opponent = nearestToTake(line, place, pairing, pairOf)
    if (opponent < 0) continue
    const p = pairOf[opponent]!
    pairOf[otherOf(pairing, p, opponent)] = -1
    pairing.low[p] = Math.min(place, opponent)
    pairing.high[p] = Math.max(place, opponent)
    pairOf[place] = p
  }
}

function oldestDue(line: Line, left: Int32Array, leftCount: number): number[] {
  const { cost } = line
  const oldest: number[] = []
  for (let i = 0; i < leftCount; i++) {
    const place = left[i]!
    const own = cost[place]!
    if (own < dueCost || (oldest.length === helpedMax && cost[oldest[helpedMax - 1]!]! >= own)) continue
    let at = oldest.length
    while (at > 0 && cost[oldest[at - 1]!]! < own) at--
    oldest.splice(at, 0, place)
    if (oldest.length > helpedMax) oldest.pop()
  }
  return oldest
}

function nearestToTake(line: Line, place: number, pairing: Pairing, pairOf: Int32Array): number {
  const { rating, reach, cost } = line
  let best = -1
  let bestGap = reach[place]!
  for (const way of [-1, 1]) {
    for (let steps = 1; steps <= lookedAtMax; steps++) {
      const at = place + way * steps
      if (at < 0 || at >= line.count) break
      const gap = Math.abs(rating[at]! - rating[place]!)
      if (gap > bestGap) break
      const p = pairOf[at]!
      if (p < 0 || gap > reach[at]!) continue
      if (cost[otherOf(pairing, p, at)]! >= cost[place]!) continue
      best = at
      bestGap = gap
      break
    }
  }
  return best
}

function otherOf(pairing: Pairing, p: number, place: number): number {
  return pairing.low[p] === place ? pairing.high[p]! : pairing.low[p]!
}
