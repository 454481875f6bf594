import { describe, expect, it } from 'vitest'
import { bugs } from './bugs.ts'
import { runWorld } from './world.ts'

const seedsMax = 50
const stormMs = 90_000

describe('the simulation finds', () => {
  it.each(bugs.map(({ name }) => name))('%s', async (bug) => {
    let found: readonly string[] = []
    for (let seed = 1; seed <= seedsMax && found.length === 0; seed++) {
      found = (await runWorld({ seed, stormMs, bug })).violations
    }
    expect(found).not.toEqual([])
  })
})
