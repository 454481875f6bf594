import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MatchIndex } from './match-index.ts'

const nowMs = 1_000_000_000
const window = { initial: 20, perSecond: 10, max: 400 }

interface Waiting {
  rating: number
  waitS: number
}

interface Best {
  pairs: number
  gap: number
}

const reachOf = ({ waitS }: Waiting): number => Math.min(400, 20 + 10 * waitS)

/** Tries every way to pair up: most pairs, then the least sum of gaps. */
function exactBest(waiting: Waiting[]): Best {
  const known = new Map<number, Best>([[0, { pairs: 0, gap: 0 }]])
  const bestOf = (set: number): Best => {
    const before = known.get(set)
    if (before) return before
    const i = 31 - Math.clz32(set)
    const others = set & ~(1 << i)
    let best = bestOf(others)
    for (let j = 0; j < i; j++) {
      if (!((others >> j) & 1)) continue
      const gap = Math.abs(waiting[i]!.rating - waiting[j]!.rating)
      if (gap > Math.min(reachOf(waiting[i]!), reachOf(waiting[j]!))) continue
      const rest = bestOf(others & ~(1 << j))
      const made = { pairs: rest.pairs + 1, gap: rest.gap + gap }
      if (made.pairs > best.pairs || (made.pairs === best.pairs && made.gap < best.gap)) best = made
    }
    known.set(set, best)
    return best
  }
  return bestOf((1 << waiting.length) - 1)
}

function found(waiting: Waiting[]): Best {
  const index = new MatchIndex({ teams: 2, teamSize: 1, window, overdueS: 1e6 })
  waiting.forEach(({ rating, waitS }, i) => {
    index.add({ id: `${i}`, rating, size: 1, sinceMs: nowMs - waitS * 1000, front: false })
  })
  const matches = [...index.pass(nowMs)]
  return { pairs: matches.length, gap: matches.reduce((sum, { gap }) => sum + gap, 0) }
}

const rating = fc.integer({ min: 0, max: 1600 })

describe('against trying every way', () => {
  test('equal windows: exactly the best', () => {
    fc.assert(
      fc.property(fc.array(rating, { maxLength: 13 }), fc.integer({ min: 0, max: 40 }), (ratings, waitS) => {
        const waiting = ratings.map((each) => ({ rating: each, waitS }))
        expect(found(waiting)).toEqual(exactBest(waiting))
      }),
      { numRuns: 400 },
    )
  })

  test('windows of every width mixed: exactly the best, small queues being looked through that far', () => {
    const waiting = fc.array(fc.record({ rating, waitS: fc.integer({ min: 0, max: 25 }) }), { maxLength: 10 })
    fc.assert(
      fc.property(waiting, (entries) => {
        expect(found(entries)).toEqual(exactBest(entries))
      }),
      { numRuns: 800 },
    )
  })

  test('a third wide, the rest narrow: within one pair and one part in a hundred over many queues', () => {
    const total = { pairs: 0, bestPairs: 0, gap: 0, bestGap: 0 }
    const waitS = fc.oneof(fc.constant(29), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
    const waiting = fc.array(fc.record({ rating, waitS }), { minLength: 10, maxLength: 14 })
    for (const entries of fc.sample(waiting, { seed: 7, numRuns: 200 })) {
      const ours = found(entries)
      const best = exactBest(entries)
      expect(best.pairs - ours.pairs).toBeLessThanOrEqual(1)
      total.pairs += ours.pairs
      total.bestPairs += best.pairs
      total.gap += ours.gap
      total.bestGap += best.gap
    }
    expect(total.pairs / total.bestPairs).toBeGreaterThan(0.99)
    expect(total.gap / total.pairs).toBeLessThan((1.01 * total.bestGap) / total.bestPairs)
  })
})

describe('nobody who could be paired is left', () => {
  test('two with wide windows find each other over a crowd of narrow ones', () => {
    const index = new MatchIndex({ teams: 2, teamSize: 1, window: { initial: 1, perSecond: 10 } })
    for (let i = 0; i < 100; i++) index.add({ id: `n${i}`, rating: i * 2, size: 1, sinceMs: nowMs, front: false })
    index.add({ id: 'low', rating: -1.5, size: 1, sinceMs: nowMs - 60_000, front: false })
    index.add({ id: 'high', rating: 201.5, size: 1, sinceMs: nowMs - 60_000, front: false })
    expect([...index.pass(nowMs)].map(({ teams }) => teams)).toEqual([[['low'], ['high']]])
  })

  test('after a pass no two of those left are inside each other’s windows', () => {
    const waiting = fc.array(fc.record({ rating, waitS: fc.integer({ min: 0, max: 40 }) }), { maxLength: 120 })
    fc.assert(
      fc.property(waiting, (entries) => {
        const index = new MatchIndex({ teams: 2, teamSize: 1, window })
        entries.forEach(({ rating, waitS }, i) => {
          index.add({ id: `${i}`, rating, size: 1, sinceMs: nowMs - waitS * 1000, front: false })
        })
        index.pass(nowMs)
        const left = entries.filter((_, i) => index.has(`${i}`))
        for (const [i, a] of left.entries()) {
          for (const b of left.slice(i + 1)) {
            expect(Math.abs(a.rating - b.rating)).toBeGreaterThan(Math.min(reachOf(a), reachOf(b)))
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('who goes first', () => {
  const open = { teams: 2, teamSize: 1, window: { initial: 1000, perSecond: 1 }, overdueS: 20 }

  test('one who came back is not the one left over, though two others lie closer', () => {
    const index = new MatchIndex(open)
    index.add({ id: 'a', rating: 1500, size: 1, sinceMs: nowMs, front: false })
    index.add({ id: 'b', rating: 1501, size: 1, sinceMs: nowMs, front: false })
    index.add({ id: 'back', rating: 1600, size: 1, sinceMs: nowMs, front: true })
    expect([...index.pass(nowMs)].map(({ teams }) => teams)).toEqual([[['b'], ['back']]])
  })

  test('among equals the one who came last is left over', () => {
    const index = new MatchIndex(open)
    for (const [i, id] of ['third', 'first', 'second'].entries()) {
      index.add({ id, rating: 1500, size: 1, sinceMs: nowMs - [0, 2000, 1000][i]!, front: false })
    }
    index.pass(nowMs)
    expect(index.has('third')).toBe(true)
  })

  test('nobody starves beside a stream of closer pairs', () => {
    const index = new MatchIndex(open)
    index.add({ id: 'far', rating: 1800, size: 1, sinceMs: nowMs, front: false })
    let servedS = -1
    for (let s = 1; s <= 40 && servedS < 0; s++) {
      const sinceMs = nowMs + s * 1000
      index.add({ id: `a${s}`, rating: 1500, size: 1, sinceMs, front: false })
      index.add({ id: `b${s}`, rating: 1501, size: 1, sinceMs, front: false })
      index.pass(sinceMs)
      if (!index.has('far')) servedS = s
    }
    expect(servedS).toBe(20)
  })

  test('one overdue among a crowd of narrow windows takes the place of somebody younger', () => {
    const index = new MatchIndex({ teams: 2, teamSize: 1, window: { initial: 1, perSecond: 10 } })
    for (let i = 0; i < 15; i++) {
      index.add({ id: `n${i}`, rating: 10 + 3 * i, size: 1, sinceMs: nowMs, front: false })
      index.add({ id: `m${i}`, rating: 10.5 + 3 * i, size: 1, sinceMs: nowMs, front: false })
    }
    index.add({ id: 'old', rating: 0, size: 1, sinceMs: nowMs - 90_000, front: false })
    index.add({ id: 'far', rating: 60, size: 1, sinceMs: nowMs - 20_000, front: false })
    index.add({ id: 'near', rating: 61, size: 1, sinceMs: nowMs - 20_000, front: false })
    const matches = [...index.pass(nowMs)]
    expect(matches).toHaveLength(16)
    expect(matches.map(({ teams }) => teams)).toContainEqual([['old'], ['far']])
    expect(index.has('near')).toBe(true)
  })
})
