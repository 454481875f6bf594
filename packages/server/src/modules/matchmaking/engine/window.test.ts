import { expect, test } from 'vitest'
import { nextWideningMs, reachAfter } from './window.ts'

const window = { initial: 50, perSecond: 10, max: 120, stepS: 2, adaptive: false }

test('a window grows by whole steps up to its limit', () => {
  const reaches = [-5000, 0, 1999, 2000, 5999, 9999, 10_000, 1e9].map((waitMs) => reachAfter(waitMs, 50, window))
  expect(reaches).toEqual([50, 50, 50, 70, 90, 120, 120, 120])
})

test('the next widening is the moment the reach changes', () => {
  const sinceMs = 1_000_000
  for (const waitMs of [0, 1, 1999, 2000, 7500]) {
    const next = nextWideningMs(sinceMs, sinceMs + waitMs, 50, window)!
    expect(reachAfter(next - sinceMs - 1, 50, window)).toBe(reachAfter(waitMs, 50, window))
    expect(reachAfter(next - sinceMs, 50, window)).toBeGreaterThan(reachAfter(waitMs, 50, window))
  }
})

test('a window at its limit, or one that does not grow, never widens', () => {
  expect(nextWideningMs(0, 10_000, 50, window)).toBeNull()
  expect(nextWideningMs(0, 10_000, 50, { ...window, perSecond: 0 })).toBeNull()
})
