import { expect, test } from 'vitest'
import { ratingSystem } from './index.ts'

const system = ratingSystem({ system: 'openskill' })
const known = (mu: number, sigma = 1e-3) => ({ value: mu, deviation: sigma, games: 50 })

test('400 points are odds of ten to one between known players', () => {
  const perMu = system.points(known(26)) - system.points(known(25))
  const [chance] = system.predict([[known(25 + 400 / perMu)], [known(25)]])
  expect(chance).toBeCloseTo(10 / 11, 6)
})

test('a newcomer has 1500 points and starts far down the board', () => {
  expect(system.points(system.initial())).toBe(1500)
  expect(system.standing(system.initial())).toBeCloseTo(763, 0)
})

test('a standing lies three spreads below the points, all on one scale', () => {
  const [after] = system.rate({ teams: [[system.initial()], [system.initial()]], ranks: [1, 2] })[0]!
  const spread = system.spread(after!)!
  expect(spread).toBeCloseTo(238, 0)
  expect(system.standing(after!)).toBeCloseTo(system.points(after!) - 3 * spread, 9)
})

test('one lucky game lifts nobody above a known good player', () => {
  const [lucky] = system.rate({ teams: [[system.initial()], [known(30)]], ranks: [1, 2] })[0]!
  expect(system.points(lucky!)).toBeGreaterThan(system.points(known(28)))
  expect(system.standing(lucky!)).toBeLessThan(system.standing(known(28)))
})

test('a prediction in a field is the first choice of a Plackett-Luce ranking', () => {
  const c = Math.sqrt(3 * (25 / 6) ** 2 + 4 + 9 + 1)
  const strengths = [Math.exp(20 / c), Math.exp(25 / c), Math.exp(30 / c)]
  const total = strengths[0]! + strengths[1]! + strengths[2]!
  system.predict([[known(20, 2)], [known(25, 3)], [known(30, 1)]]).forEach((chance, at) => {
    expect(chance).toBeCloseTo(strengths[at]! / total, 12)
  })
})
