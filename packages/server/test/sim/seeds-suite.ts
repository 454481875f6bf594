import { describe, expect, it } from 'vitest'
import { runWorld } from './world.ts'

/** So long things go wrong in each run. */
const stormMs = 90_000
const seedsMax = Number(process.env.MUSTER_SIM_SEEDS ?? 200)
const perTest = 10

/** The seeds of this remainder by two, so that both cores of a small machine have something to do. */
export function seedsSuite(remainder: 0 | 1): void {
  const seeds = Array.from({ length: seedsMax }, (_, at) => at + 1).filter((seed) => seed % 2 === remainder)
  describe('the core under faults', () => {
    for (let at = 0; at < seeds.length; at += perTest) {
      const some = seeds.slice(at, at + perTest)
      it(`keeps the laws under seeds ${some[0]} to ${some.at(-1)}`, async () => {
        for (const seed of some) {
          const { violations, matches } = await runWorld({ seed, stormMs })
          expect(violations, `seed ${seed}`).toEqual([])
          expect(matches, `seed ${seed}`).toBeGreaterThan(5)
        }
      })
    }
  })
}
