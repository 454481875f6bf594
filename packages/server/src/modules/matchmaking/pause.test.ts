import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Strikes, struck } from './pause.ts'

const rule = { free: 1, firstS: 10, factor: 3, maxS: 100, forgetS: 600 }
const strikeAt = (times: number[], over: Partial<typeof rule> = {}) =>
  times.reduce<Strikes | null>((before, now) => struck(before, { ...rule, ...over }, now), null)
const pauseAfter = (times: number[], over: Partial<typeof rule> = {}) => {
  const pausedUntil = strikeAt(times, over)?.pausedUntil ?? 0
  return Math.max(0, pausedUntil - (times.at(-1) ?? 0)) / 1_000
}

describe('the pause of those who let matches fall through', () => {
  it('is free at first, then grows up to its limit', () => {
    expect(pauseAfter([0])).toBe(0)
    expect(pauseAfter([0, 1])).toBe(10)
    expect(pauseAfter([0, 1, 2])).toBe(30)
    expect(pauseAfter([0, 1, 2, 3])).toBe(90)
    expect(pauseAfter([0, 1, 2, 3, 4])).toBe(100)
    expect(pauseAfter([0], { free: 0 })).toBe(10)
  })

  it('is forgotten after a time without another', () => {
    expect(pauseAfter([0, 1, 600_002])).toBe(0)
    expect(pauseAfter([0, 1, 600_001])).toBe(30)
  })

  it('never ends sooner for one more', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 700_000 }), { minLength: 1, maxLength: 20 }), (gaps) => {
        let now = 0
        let before: Strikes | null = null
        for (const gap of gaps) {
          now += gap
          const after: Strikes = struck(before, rule, now)
          expect(after.pausedUntil).toBeGreaterThanOrEqual(before?.pausedUntil ?? 0)
          expect(after.pausedUntil).toBeLessThanOrEqual(now + rule.maxS * 1_000)
          before = after
        }
      }),
    )
  })
})
