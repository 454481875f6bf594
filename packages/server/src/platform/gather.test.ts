import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { gather } from './gather.ts'

const options = { delayMs: 0, batchMax: 4, waitingMax: 10, refuse: () => new Error('full') }
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('gathering', () => {
  it('does what comes in one turn together, and gives each its own answer', async () => {
    const batches: number[][] = []
    const double = gather<number, number>(simulatedClock(), options, async (items) => {
      batches.push(items)
      return items.map((item) => item * 2)
    })
    expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6])
    expect(await double(4)).toBe(8)
    expect(batches).toEqual([[1, 2, 3], [4]])
  })

  it('waits for others as long as it is told', async () => {
    const clock = simulatedClock()
    const batches: number[][] = []
    const add = gather<number, void>(clock, { ...options, delayMs: 5 }, async (items) => {
      batches.push(items)
      return []
    })
    const first = add(1)
    await clock.advance(4)
    const second = add(2)
    expect(batches).toEqual([])
    await clock.advance(1)
    await Promise.all([first, second])
    expect(batches).toEqual([[1, 2]])
  })

  it('gathers while a batch runs, in order, no batch larger than it may be, one at a time', async () => {
    const batches: number[][] = []
    const releases: (() => void)[] = []
    const add = gather<number, number>(simulatedClock(), options, async (items) => {
      batches.push(items)
      await new Promise<void>((resolve) => void releases.push(resolve))
      return items
    })
    const answers = [add(1)]
    await settled()
    for (let item = 2; item <= 7; item++) answers.push(add(item))
    await settled()
    expect(batches).toEqual([[1]])
    for (let done = 0; done < 3; done++) {
      releases[done]?.()
      await settled()
    }
    expect(batches).toEqual([[1], [2, 3, 4, 5], [6, 7]])
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('fails those of a batch that failed, and goes on with the others', async () => {
    const add = gather<number, number>(simulatedClock(), { ...options, batchMax: 2 }, async (items) => {
      if (items.includes(2)) throw new Error('planted')
      return items
    })
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(add))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled'])
  })

  it('refuses beyond what may wait, at once, and takes again afterwards', async () => {
    const releases: (() => void)[] = []
    const add = gather<number, number>(simulatedClock(), { ...options, waitingMax: 2 }, async (items) => {
      await new Promise<void>((resolve) => void releases.push(resolve))
      return items
    })
    const under = add(1)
    await settled()
    const waiting = [add(2), add(3)]
    await expect(add(4)).rejects.toThrow('full')
    releases[0]?.()
    await under
    await settled()
    releases[1]?.()
    expect(await Promise.all(waiting)).toEqual([2, 3])
    const again = add(5)
    await settled()
    releases[2]?.()
    expect(await again).toBe(5)
  })
})
