import { describe, expect, it } from 'vitest'
import { createMusterTime } from './time.ts'

describe('Muster’s time', () => {
  const muster = Date.UTC(2026, 5, 1, 12, 0, 0)
  const text = new Date(muster).toUTCString()

  it('is followed by a machine whose clock is minutes off', () => {
    for (const offMs of [-300_000, 300_000]) {
      let own = muster + offMs
      const time = createMusterTime(() => own)
      expect(time.now()).toBe(own)
      time.hear(text, own, own + 20)
      expect(Math.abs(time.now() - muster)).toBeLessThan(1_000)
      own += 60_000
      expect(Math.abs(time.now() - muster - 60_000)).toBeLessThan(1_000)
    }
  })

  it('leaves a clock alone that is right as far as can be told', () => {
    const time = createMusterTime(() => muster + 900)
    time.hear(text, muster + 880, muster + 900)
    expect(time.now()).toBe(muster + 900)
  })

  it('passes over what is no date', () => {
    const time = createMusterTime(() => muster)
    time.hear(null, muster, muster)
    time.hear('tomorrow', muster, muster)
    expect(time.now()).toBe(muster)
  })

  it('goes back to its own clock when that has been set right', () => {
    let own = muster + 300_000
    const time = createMusterTime(() => own)
    time.hear(text, own, own)
    own = muster + 100
    time.hear(text, own, own)
    expect(time.now()).toBe(own)
  })
})
