import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { sleep, syncClock, systemClock, timeText } from './clock.ts'

describe('the machine’s clock', () => {
  it('runs what is due, and not what was cancelled', async () => {
    const ran: string[] = []
    systemClock.after(5, () => ran.push('cancelled'))()
    await new Promise<void>((resolve) => {
      systemClock.after(-5, () => ran.push('at once'))
      systemClock.after(10, () => {
        ran.push('later')
        resolve()
      })
    })
    expect(ran).toEqual(['at once', 'later'])
  })

  it('waits for ever rather than not at all, where the wait is longer than a timer can be', () => {
    const run = vi.fn()
    const cancel = systemClock.after(Number.MAX_SAFE_INTEGER, run)
    cancel()
    expect(run).not.toHaveBeenCalled()
  })

  it('writes times as the wire has them', () => {
    expect(timeText(Date.UTC(2026, 1, 3, 4, 5, 6, 7))).toBe('2026-02-03T04:05:06.007Z')
  })

  it('lets one wait on whatever clock is used', async () => {
    const clock = simulatedClock()
    let woken = false
    const waiting = sleep(clock, 1_000).then(() => {
      woken = true
    })
    await clock.advance(999)
    expect(woken).toBe(false)
    await clock.advance(1)
    await waiting
  })
})

describe('a clock that follows a reference', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const pass = (spanMs: number) => vi.advanceTimersByTimeAsync(spanMs)
  const wait = (spanMs: number) => new Promise((resolve) => setTimeout(resolve, spanMs))
  interface Reference {
    aheadMs: number
    /** Half of it each way. */
    tripMs: number
  }
  const readerOf = (reference: Reference) => async () => {
    await wait(reference.tripMs / 2)
    const read = Date.now() + reference.aheadMs
    await wait(reference.tripMs / 2)
    return read
  }
  async function follow(read: () => Promise<number>, tripMs: number) {
    const opening = syncClock(read)
    await pass(tripMs + 2)
    return opening
  }

  it('tells the reference’s time, though this machine’s is minutes off, and runs on in between', async () => {
    await using clock = await follow(readerOf({ aheadMs: 300_000, tripMs: 40 }), 40)
    expect(Math.abs(clock.now() - (Date.now() + 300_000))).toBeLessThanOrEqual(1)
    expect(clock.uncertaintyMs()).toBeCloseTo(20)
    await pass(1_234)
    expect(Math.abs(clock.now() - (Date.now() + 300_000))).toBeLessThanOrEqual(1)
  })

  it('follows where the reference goes, but never runs backwards', async () => {
    const state = { aheadMs: 5_000, tripMs: 0 }
    await using clock = await follow(readerOf(state), 0)
    const before = clock.now()
    state.aheadMs = 2_000
    await pass(10_005)
    expect(Math.abs(clock.now() - (before + 7_005))).toBeLessThanOrEqual(2)
    state.aheadMs = -60_000
    const latest = clock.now()
    await pass(10_005)
    expect(clock.now()).toBeLessThan(latest + 10_005)
    const stopped = clock.now()
    await pass(30_000)
    expect(clock.now()).toBe(stopped)
    await pass(60_000)
    expect(Math.abs(clock.now() - (Date.now() - 60_000))).toBeLessThanOrEqual(2)
  })

  it('throws a slow measurement away, and keeps what it had when one fails', async () => {
    const state = { aheadMs: 1_000, tripMs: 10 }
    let fails = false
    const read = readerOf(state)
    await using clock = await follow(() => (fails ? Promise.reject(new Error('planted')) : read()), 10)
    state.aheadMs = 9_000
    state.tripMs = 3_000
    await pass(14_000)
    expect(Math.abs(clock.now() - (Date.now() + 1_000))).toBeLessThanOrEqual(1)
    fails = true
    await pass(20_000)
    expect(Math.abs(clock.now() - (Date.now() + 1_000))).toBeLessThanOrEqual(1)
  })

  it('does not begin without a reference', async () => {
    await expect(
      syncClock(async () => {
        throw new Error('planted')
      }),
    ).rejects.toThrow('planted')
  })
})
