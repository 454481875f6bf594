import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../test/support/simulated-clock.ts'
import { createPatience } from './patience.ts'

describe('patience', () => {
  const begin = () => {
    const clock = simulatedClock(0)
    const patience = createPatience(clock, { sweepMs: 500, outageGraceS: 3 })
    const round = async (afterMs: number) => {
      await clock.advance(afterMs)
      patience.begin()
      patience.end()
    }
    const isOver = (state: 'requested' | 'loading', deadlineAt: number | null = 0) =>
      patience.isOver({ state, deadlineAt })
    return { clock, patience, round, isOver }
  }

  it('never ends before the deadline', async () => {
    const { round, isOver } = begin()
    for (let count = 0; count < 20; count++) await round(500)
    expect(isOver('loading', 10_001)).toBe(false)
    expect(isOver('loading', null)).toBe(false)
    expect(isOver('loading', 10_000)).toBe(true)
  })

  it('gives a grace after the start, but not to the search for a server', async () => {
    const { round, isOver } = begin()
    expect(isOver('loading')).toBe(false)
    expect(isOver('requested')).toBe(true)
    await round(0)
    for (let count = 0; count < 5; count++) await round(500)
    expect(isOver('loading')).toBe(false)
    await round(500)
    expect(isOver('loading')).toBe(true)
  })

  it('gives it again after rounds that failed, or did not come', async () => {
    const { clock, patience, round, isOver } = begin()
    for (let count = 0; count < 10; count++) await round(500)
    expect(isOver('loading')).toBe(true)
    for (let count = 0; count < 5; count++) {
      await clock.advance(500)
      patience.begin()
    }
    expect(isOver('loading')).toBe(false)
    for (let count = 0; count < 7; count++) await round(500)
    expect(isOver('loading')).toBe(true)
  })

  it('does not take a long round for an outage, else a busy node would wait for ever', async () => {
    const { clock, patience, isOver } = begin()
    for (let count = 0; count < 3; count++) {
      patience.begin()
      await clock.advance(60_000)
      patience.end()
      await clock.advance(500)
    }
    patience.begin()
    expect(isOver('loading')).toBe(true)
  })
})
