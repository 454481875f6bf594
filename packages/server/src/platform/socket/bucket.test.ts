import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { draw } from './bucket.ts'

const rate = { perS: 10, burstMax: 5 }

/** Draws one at each of the times, and tells which were given. */
function drawn(times: number[], amount = 1) {
  let fullAtMs = 0
  return times.map((now) => {
    const next = draw(fullAtMs, now, rate, amount)
    if (next !== null) fullAtMs = next
    return next !== null
  })
}

describe('a token bucket', () => {
  it('gives a burst, then only what flows in', () => {
    expect(drawn([1_000, 1_000, 1_000, 1_000, 1_000, 1_000])).toEqual([true, true, true, true, true, false])
    expect(drawn([1_000, 1_000, 1_000, 1_000, 1_000, 1_100, 1_100, 1_200])).toEqual([
      ...[true, true, true, true, true],
      ...[true, false, true],
    ])
  })

  it('never holds more than its burst, however long it was quiet', () => {
    expect(drawn([1_000, ...Array(6).fill(1_000_000)]).slice(1)).toEqual([true, true, true, true, true, false])
  })

  it('gives nothing that is larger than the burst', () => {
    expect(drawn([1_000], 6)).toEqual([false])
    expect(drawn([1_000, 1_000], 5)).toEqual([true, false])
  })

  it('fills within its time again after the clock stepped back', () => {
    const far = draw(0, 10_000_000, rate, 5)
    expect(draw(far ?? 0, 5_000, rate, 1)).toBeNull()
    expect(draw((draw(far ?? 0, 5_000, rate, 0) ?? 0) + 0, 5_500, rate, 5)).not.toBeNull()
  })

  it('never lets through more than burst and flow, whatever the times and amounts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ waitMs: fc.nat(400), amount: fc.integer({ min: 1, max: 6 }) }), { maxLength: 60 }),
        (steps) => {
          let now = 1_000
          let fullAtMs = 0
          let given = 0
          for (const { waitMs, amount } of steps) {
            now += waitMs
            const next = draw(fullAtMs, now, rate, amount)
            if (next === null) continue
            fullAtMs = next
            given += amount
          }
          expect(given).toBeLessThanOrEqual(rate.burstMax + ((now - 1_000) * rate.perS) / 1_000 + 1e-6)
        },
      ),
    )
  })
})
