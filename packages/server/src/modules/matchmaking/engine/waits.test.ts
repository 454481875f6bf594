import { expect, test } from 'vitest'
import { Waits } from './waits.ts'

test('nothing is promised before anybody was matched', () => {
  expect(new Waits().medianMs).toBeNull()
})

test('the figures follow the last waits and forget the old', () => {
  const waits = new Waits()
  for (let i = 0; i < 500; i++) waits.note(60_000)
  for (let i = 0; i < 128; i++) waits.note(i * 100)
  expect(waits.medianMs).toBe(6400)
  expect(waits.partMs(0.95)).toBe(12_100)
  expect(waits.partMs(1)).toBe(12_700)
})
