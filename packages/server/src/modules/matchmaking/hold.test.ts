import { describe, expect, it } from 'vitest'
import { afterFailure, afterSuccess, type Hold, lifted } from './hold.ts'

const rule = { firstS: 2, maxS: 60 }
const failure = { mode: 'duel', cause: 'no_server', says: 'No registered server had room.' }
const fail = (before: Hold | null, now: number) => afterFailure(before, failure, rule, now)

describe('the rest of a mode without servers', () => {
  it('doubles with each failure, up to its limit', () => {
    let hold: Hold | null = null
    let now = 0
    const rests: number[] = []
    for (let failures = 0; failures < 8; failures++) {
      hold = fail(hold, now)
      rests.push((hold.until - now) / 1_000)
      now = hold.until
    }
    expect(rests).toEqual([2, 4, 8, 16, 32, 60, 60, 60])
  })

  it('counts failures of one moment once', () => {
    const first = fail(null, 0)
    expect(fail(first, 1_999)).toEqual(first)
    expect(fail(first, 2_000)).toMatchObject({ failures: 2, until: 6_000 })
  })

  it('remembers what failed last', () => {
    const crashed = { ...failure, cause: 'server_failed', says: 'The game server ended before it was ready.' }
    expect(afterFailure(fail(null, 0), crashed, rule, 1_000)).toMatchObject({ ...crashed, failures: 1 })
    expect(afterSuccess(afterFailure(null, crashed, rule, 0), 5_000)).toMatchObject(crashed)
  })

  it('lets twice as many try with each success, until it is over', () => {
    let hold: Hold | null = fail(fail(null, 0), 2_000)
    const allowances: number[] = []
    for (let now = 6_000; hold !== null; now++) {
      allowances.push(hold.allowance)
      hold = afterSuccess(hold, now)
    }
    expect(allowances).toEqual([1, 2, 4, 8, 16, 32, 64])
  })

  it('begins anew, and short, where it fails again after a success', () => {
    const better = afterSuccess(fail(fail(fail(null, 0), 2_000), 6_000), 14_000)
    expect(fail(better, 14_000)).toEqual({ ...failure, failures: 2, until: 18_000, allowance: 1 })
  })

  it('ends at once when there is hope', () => {
    expect(lifted(fail(null, 0), 500)).toMatchObject({ until: 500, allowance: 1 })
    expect(lifted(fail(null, 0), 9_000).until).toBe(2_000)
  })
})
