import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortByRating } from './sort.ts'

test('slots are sorted by rating and equals keep their order, few or many, of either sign', () => {
  const ratings = fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.float({ noNaN: true })), { maxLength: 400 })
  fc.assert(
    fc.property(ratings, (values) => {
      const rating = Float32Array.from(values, (value) => value + 0)
      const slots = Int32Array.from(values.keys())
      const expected = [...slots].sort((a, b) => rating[a]! - rating[b]! || a - b)
      sortByRating(slots, rating)
      expect([...slots]).toEqual(expected)
    }),
  )
})
