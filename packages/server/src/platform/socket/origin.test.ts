import { expect, it } from 'vitest'
import { originMayOpen } from './origin.ts'

const allowed = ['https://game.example']

it.each([
  [undefined, true],
  ['https://game.example', true],
  ['http://localhost:3000', true],
  ['http://game.example', false],
  ['https://game.example.evil.example', false],
  ['https://game.example:444', false],
  ['https://evil.example', false],
  ['null', false],
  ['', false],
])('[security 22] a page of origin %s may open a socket: %s', (origin, may) => {
  expect(originMayOpen(origin, 'localhost:3000', allowed)).toBe(may)
})
