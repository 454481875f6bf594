import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Shapes } from './shapes.ts'

const counted = (...parties: number[]): Uint16Array => {
  const counts = new Uint16Array(6)
  for (const size of parties) counts[size]!++
  return counts
}

/** Puts the parties one after another into any team with room: slow, and plainly right. */
function canFill(parties: number[], teams: number, teamSize: number, mustTake: number): boolean {
  const room = new Array<number>(teams).fill(teamSize)
  const place = (p: number): boolean => {
    if (room.every((left) => left === 0)) return true
    if (p === parties.length) return false
    const size = parties[p]!
    for (let t = 0; t < teams; t++) {
      if (room[t]! < size) continue
      room[t]! -= size
      const fits = place(p + 1)
      room[t]! += size
      if (fits) return true
    }
    return p !== 0 && place(p + 1)
  }
  const first = parties.indexOf(mustTake)
  parties.unshift(...parties.splice(first, 1))
  return place(0)
}

test('three and two fill a team of five; three and three do not', () => {
  const shapes = new Shapes(2, 5)
  expect(shapes.fit(counted(3, 2, 3, 2), 3)?.teams).toHaveLength(2)
  expect(shapes.fit(counted(3, 3, 4, 4), 3)).toBeNull()
})

test('parties fill the teams exactly when trying every way says so, and the named one is always in', () => {
  const parties = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 9 })
  const shapes = [new Shapes(2, 5), new Shapes(3, 3), new Shapes(2, 4)]
  fc.assert(
    fc.property(parties, fc.constantFrom(...shapes), (sizes, { teams, teamSize }) => {
      const fitting = sizes.filter((size) => size <= teamSize)
      fc.pre(fitting.length > 0)
      const known = shapes.find((each) => each.teams === teams && each.teamSize === teamSize)!
      const counts = new Uint16Array(teamSize + 1)
      for (const size of fitting) counts[size]!++
      const including = fitting[0]!
      const shape = known.fit(counts, including)
      expect(shape !== null).toBe(canFill(fitting, teams, teamSize, including))
      if (shape === null) return
      expect(shape.counts[including]).toBeGreaterThan(0)
      expect(shape.counts.every((count, size) => count <= counts[size]!)).toBe(true)
      for (const team of shape.teams) expect(team.reduce((sum, count, size) => sum + count * size, 0)).toBe(teamSize)
    }),
    { numRuns: 500 },
  )
})

test('thrifty with a crowd: single players are kept for the parties of four', () => {
  const crowd = new Uint32Array(6)
  crowd.set([0, 1000, 1000, 1000, 1000, 1000])
  const thrifty = new Shapes(2, 5).thrifty(crowd)
  expect(thrifty.fit(counted(3, 1, 1, 5), 3)).toBeNull()
  expect(thrifty.fit(counted(4, 1, 3, 2), 4)).not.toBeNull()
})
