import { expect, it } from 'vitest'
import { seedsSuite } from './seeds-suite.ts'
import { runWorld } from './world.ts'

seedsSuite(1)

it('goes the same way again for the same seed, and another for another', async () => {
  const traceOf = async (seed: number) => (await runWorld({ seed, stormMs: 30_000 })).trace
  expect(await traceOf(7)).toBe(await traceOf(7))
  expect(await traceOf(8)).not.toBe(await traceOf(7))
})
