import { expect, it } from 'vitest'
import { drawnBytes } from './drawn-bytes.ts'

it('gives as many bytes as were asked for, whatever was asked for before, and none twice', () => {
  const draw = drawnBytes()
  const sizes = Array.from({ length: 3_000 }, (_, at) => 8 + (at % 57))
  const drawn = sizes.map((size) => draw(size))
  expect(drawn.map(({ length }) => length)).toEqual(sizes)
  expect(new Set(drawn.map((bytes) => bytes.toString('hex', 0, 8))).size).toBe(sizes.length)
})
