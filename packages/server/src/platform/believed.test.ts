import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { believed } from './believed.ts'

/** Fetches that the test answers, in turn. */
function elsewhere() {
  const asked: { answer(value: string): void; fail(error: Error): void }[] = []
  const fetch = () =>
    new Promise<string>((answer, fail) => {
      asked.push({ answer, fail })
    })
  return { asked, fetch }
}

const belief = { freshMs: 1_000, keptMs: 5_000, restMs: 200 }
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('something believed', () => {
  it('is fetched once, however many want it, and then not again while it is fresh', async () => {
    const clock = simulatedClock()
    const { asked, fetch } = elsewhere()
    const one = believed(clock, belief, fetch)
    const wanted = Promise.all([one.get(), one.get(), one.renew()])
    await settled()
    asked[0]?.answer('a')
    expect(await wanted).toEqual(['a', 'a', 'a'])
    await clock.advance(999)
    expect(await one.get()).toBe('a')
    expect(asked).toHaveLength(1)
  })
  it('is handed out while it is fetched again, and after a failure too, but not for ever', async () => {
    const clock = simulatedClock()
    const { asked, fetch } = elsewhere()
    const one = believed(clock, belief, fetch)
    const first = one.get()
    asked[0]?.answer('a')
    await first
    await clock.advance(1_000)
    expect(await Promise.all([one.get(), one.get()])).toEqual(['a', 'a'])
    expect(asked).toHaveLength(2)
    asked[1]?.fail(new Error('away'))
    await settled()
    expect(await one.get()).toBe('a')
    expect(asked).toHaveLength(2)
    await clock.advance(3_999)
    expect(await one.get()).toBe('a')
    asked[2]?.fail(new Error('still away'))
    await clock.advance(1)
    await expect(one.get()).rejects.toThrow('still away')
    await clock.advance(200)
    const back = one.get()
    asked[3]?.answer('b')
    expect(await back).toBe('b')
  })
  it('rests between one fetch and the next, after a failure as well', async () => {
    const clock = simulatedClock()
    const { asked, fetch } = elsewhere()
    const one = believed(clock, belief, fetch)
    const first = one.get()
    asked[0]?.fail(new Error('away'))
    await expect(first).rejects.toThrow('away')
    await clock.advance(199)
    await expect(one.get()).rejects.toThrow('away')
    await expect(one.renew()).rejects.toThrow('away')
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    const second = one.renew()
    asked[1]?.answer('a')
    expect(await second).toBe('a')
    expect(await one.renew()).toBe('a')
    await clock.advance(200)
    const third = one.renew()
    asked[2]?.answer('b')
    expect(await third).toBe('b')
    expect(await one.get()).toBe('b')
  })
})
