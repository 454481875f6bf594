import { expect, test } from 'vitest'
import { Arrivals } from './arrivals.ts'
import { Reach } from './reach.ts'
import { settleRules } from './rules.ts'

const rules = settleRules({ teams: 2, teamSize: 1, window: { initial: 70, perSecond: 4, max: 400, adaptive: true } })

/** One arrival every half second, evenly over 1000 to 2000. */
function noteEvenly(arrivals: Arrivals, count: number): void {
  for (let i = 0; i < count; i++) arrivals.note(1000 + ((i * 617) % 1000), i * 500, 1)
}

test('nothing is said of a few arrivals', () => {
  const arrivals = new Arrivals()
  noteEvenly(arrivals, 15)
  expect(arrivals.densityAt(10_000)).toBeNull()
})

test('the density is players per second and point', () => {
  const arrivals = new Arrivals()
  noteEvenly(arrivals, 3000)
  const density = arrivals.densityAt(1_500_000)!
  expect(density(1500)).toBeCloseTo(2 / 1000, 4)
  expect(density(1000)).toBeCloseTo(2 / 1000, 4)
  expect(density(2600)).toBeLessThan(density(2000) / 10)
})

test('when nobody comes any more the density falls', () => {
  const arrivals = new Arrivals()
  noteEvenly(arrivals, 300)
  expect(arrivals.densityAt(600_000)!(1500)).toBeLessThan(arrivals.densityAt(150_000)!(1500) / 4)
})

test('an adaptive window opens wider where fewer come, and never beyond its limit', () => {
  const reach = new Reach(rules)
  reach.asOf(0)
  expect(reach.initialAt(1500)).toBe(70)
  noteEvenly(reach.arrivals, 3000)
  reach.asOf(1_500_000)
  expect(reach.initialAt(1500) / Math.sqrt(4 / 0.002)).toBeCloseTo(2, 1)
  expect(reach.initialAt(2200)).toBeGreaterThan(2 * reach.initialAt(1500))
  expect(reach.initialAt(9000)).toBe(400)
})
