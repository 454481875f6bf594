import { describe, expect, it } from 'vitest'
import { friendsWorld, runWorld } from './world.ts'

const stormMs = 90_000
const seedsMax = 60
const perTest = 10

describe('private games under faults', () => {
  let games = 0
  for (let first = 1; first <= seedsMax; first += perTest) {
    const last = first + perTest - 1
    it(`keep the laws, and give every slot back, under seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) {
        const { violations, raids } = await runWorld({ seed, stormMs, ...friendsWorld })
        expect(violations, `seed ${seed}`).toEqual([])
        games += raids
      }
    })
  }

  it('go the same way again under the same seed', async () => {
    const traceOf = async (seed: number) => (await runWorld({ seed, stormMs: 30_000, ...friendsWorld })).trace
    expect(await traceOf(7)).toBe(await traceOf(7))
    expect(await traceOf(8)).not.toBe(await traceOf(7))
  })

  it('were a thousand and more', () => {
    expect(games).toBeGreaterThan(1_000)
  })
})
