import { MatchIndex } from '@muster/server/matching'
import type { Row } from '../report.ts'
import { chanceFrom } from './chance.ts'

const nowMs = 1_700_000_000_000
const window = { initial: 20, perSecond: 10, max: 400 }

interface Total {
  pairs: number
  gap: number
}

type Wide = (waitS: number) => number
const wideAfter: Wide = (waitS) => Math.min(400, 20 + 10 * waitS)

/** Full queues against the exact optimum: the most pairs, and of those the least sum of gaps. */
export function compareWithExact(): Row[] {
  const rows: Row[] = []
  for (const count of [1e3, 1e4, 1e5, 1e6]) {
    const { ratings, waits } = drawQueue(count, 3, () => 0)
    rows.push(rowOf('all just came', count, 1, played(ratings, waits), neighbourOptimum(ratings, 20)))
  }
  const mixtures: [string, (fraction: number) => number][] = [
    ['waits of 0 to 30 s', (fraction) => Math.floor(30 * fraction)],
    ['a third old, the rest fresh', (fraction) => (fraction < 1 / 3 ? 30 : Math.floor(3 * fraction))],
  ]
  const queues = 300
  for (const [name, waitOf] of mixtures) {
    const ours = { pairs: 0, gap: 0 }
    const best = { pairs: 0, gap: 0 }
    for (let seed = 1; seed <= queues; seed++) {
      const { ratings, waits } = drawQueue(16, seed, waitOf)
      add(ours, played(ratings, waits))
      add(best, everyWayOptimum(ratings, waits.map(wideAfter)))
    }
    rows.push(rowOf(name, 16, queues, ours, best))
  }
  return rows
}

function drawQueue(count: number, seed: number, waitOf: (fraction: number) => number) {
  const chance = chanceFrom(seed)
  const ratings = Array.from({ length: count }, () => Math.fround(1500 + 300 * chance.normal())).sort((a, b) => a - b)
  return { ratings, waits: ratings.map(() => waitOf(chance.fraction())) }
}

function played(ratings: number[], waits: number[]): Total {
  const index = new MatchIndex({ teams: 2, teamSize: 1, window, overdueS: 3600 })
  ratings.forEach((rating, i) => {
    index.add({ id: `${i}`, rating, size: 1, sinceMs: nowMs - waits[i]! * 1000, front: false })
  })
  const total = { pairs: 0, gap: 0 }
  for (const { gap } of index.pass(nowMs)) add(total, { pairs: 1, gap })
  return total
}

/** With windows all alike only neighbours need be paired, so the optimum is a walk along the line. */
function neighbourOptimum(ratings: number[], reach: number): Total {
  let before: Total = { pairs: 0, gap: 0 }
  let best: Total = { pairs: 0, gap: 0 }
  for (let i = 1; i < ratings.length; i++) {
    const gap = ratings[i]! - ratings[i - 1]!
    const paired = gap <= reach ? { pairs: before.pairs + 1, gap: before.gap + gap } : best
    before = best
    best = isBetter(paired, best) ? paired : best
  }
  return best
}

/** Every way to pair up a few, each subset once. */
function everyWayOptimum(ratings: number[], reach: number[]): Total {
  const bests: Total[] = [{ pairs: 0, gap: 0 }]
  for (let set = 1; set < 1 << ratings.length; set++) {
    const i = 31 - Math.clz32(set)
    let best = bests[set & ~(1 << i)]!
    for (let j = 0; j < i; j++) {
      if (!((set >> j) & 1)) continue
      const gap = Math.abs(ratings[i]! - ratings[j]!)
      if (gap > reach[i]! || gap > reach[j]!) continue
      const rest = bests[set & ~(1 << i) & ~(1 << j)]!
      const paired = { pairs: rest.pairs + 1, gap: rest.gap + gap }
      if (isBetter(paired, best)) best = paired
    }
    bests.push(best)
  }
  return bests.at(-1)!
}

function isBetter(a: Total, b: Total): boolean {
  return a.pairs > b.pairs || (a.pairs === b.pairs && a.gap < b.gap)
}

function add(total: Total, more: Total): void {
  total.pairs += more.pairs
  total.gap += more.gap
}

function rowOf(name: string, count: number, queues: number, ours: Total, best: Total): Row {
  const meanGap = ours.gap / ours.pairs
  const bestGap = best.gap / best.pairs
  return {
    queue: name,
    entries: count,
    queues,
    pairs: ours.pairs,
    'pairs, exact': best.pairs,
    'mean gap': meanGap.toFixed(5),
    'mean gap, exact': bestGap.toFixed(5),
    'apart %': (100 * (meanGap / bestGap - 1)).toFixed(3),
  }
}
