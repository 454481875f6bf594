import { describe, expect, test } from 'vitest'
import { fideExpected } from './fide-table.ts'
import { type Rating, ratingSystem } from './index.ts'

const at = (value: number) => ({ value, games: 0 })
const gains = (values: number[][], ranks: number[], options = {}) => {
  const teams = values.map((team) => team.map(at))
  return ratingSystem({ system: 'elo', ...options })
    .rate({ teams, ranks })
    .map((team, index) => team.map((after, seat) => after.value - values[index]![seat]!))
}

describe("FIDE's table", () => {
  test.each([
    [0, 0.5],
    [3, 0.5],
    [3.4, 0.5],
    [3.6, 0.51],
    [4, 0.51],
    [-4, 0.49],
    [100, 0.64],
    [300, 0.85],
    [-300, 0.15],
    [400, 0.92],
    [735, 0.99],
    [736, 1],
    [-736, 0],
  ])('a difference of %d expects %d', (difference, expected) => {
    expect(fideExpected(difference)).toBe(expected)
  })

  test('stays within two hundredths of the logistic curve up to 400 points', () => {
    for (let difference = 0; difference <= 400; difference++) {
      expect(Math.abs(fideExpected(difference) - 1 / (1 + 10 ** (-difference / 400)))).toBeLessThan(0.02)
    }
  })
})

test('the logistic curve moves 1500 against 1900 by K x 10/11', () => {
  const [[winner], [loser]] = gains([[1500], [1900]], [1, 2], { k: 40, expectation: 'logistic' }) as [
    [number],
    [number],
  ]
  expect(winner).toBeCloseTo((40 * 10) / 11, 9)
  expect(loser).toBeCloseTo((-40 * 10) / 11, 9)
})

test('a difference over 400 counts as 400 unless told otherwise', () => {
  expect(gains([[1000], [3000]], [1, 2])).toEqual(gains([[1000], [1400]], [1, 2]))
  expect(gains([[1000], [3000]], [1, 2], { differenceMax: 2000 })[0]![0]).toBeCloseTo(32, 9)
})

test('a team is as strong as its mean, and its members move together', () => {
  const [winners, losers] = gains(
    [
      [1400, 1800],
      [1600, 1600, 1600],
    ],
    [1, 2],
  ) as [number[], number[]]
  expect(winners).toEqual([16, 16])
  expect(losers).toEqual([-16, -16, -16])
})

test('in a field the first gains K/2 among equals, the middle nothing, the last loses K/2', () => {
  const moves = gains([[1500], [1500], [1500], [1500], [1500]], [2, 1, 3, 5, 4]).map(([gain]) => gain)
  expect(moves).toEqual([8, 16, 0, -16, -8])
})

test('games are counted and the time of the last is kept', () => {
  const system = ratingSystem({ system: 'elo' })
  const seasoned = { value: 1500, games: 9, lastAtMs: 2000 }
  const teams = [[system.initial()], [seasoned]]
  const [[newcomer], [veteran]] = system.rate({ teams, ranks: [1, 1], atMs: 1000 }) as [[Rating], [Rating]]
  expect(newcomer).toEqual({ value: 1500, games: 1, lastAtMs: 1000 })
  expect(veteran).toEqual({ value: 1500, games: 10, lastAtMs: 2000 })
  expect(system.rate({ teams: [[seasoned], [seasoned]], ranks: [1, 1] })[0]![0]!.lastAtMs).toBe(2000)
})
