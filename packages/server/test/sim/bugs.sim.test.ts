import { describe, expect, it } from 'vitest'
import { bugs } from './bugs.ts'
import { friendsWorld, runWorld } from './world.ts'

const seedsMax = 50
const stormMs = 90_000

describe('the simulation finds', () => {
  it.each(bugs.map(({ name, amongFriends }) => [name, amongFriends] as const))('%s', async (bug, amongFriends) => {
    const around = amongFriends === true ? friendsWorld : {}
    let found: readonly string[] = []
    for (let seed = 1; seed <= seedsMax && found.length === 0; seed++) {
      found = (await runWorld({ seed, stormMs, bug, ...around })).violations
    }
    expect(found).not.toEqual([])
  })
})
