import { describe, expect, test } from 'vitest'
import { completeRatingOptions, type Game, type GivenRatingOptions, ratingSystem } from './index.ts'

describe('options', () => {
  test('defaults are filled in, and what is stated is kept', () => {
    expect(completeRatingOptions({ system: 'elo', k: 24 })).toEqual({
      system: 'elo',
      initial: 1500,
      k: 24,
      expectation: 'fide',
      differenceMax: 400,
    })
    expect(completeRatingOptions({ system: 'glicko2', tau: undefined })).toMatchObject({ tau: 0.5, periodDays: 0 })
    expect(completeRatingOptions({ system: 'openskill' })).toMatchObject({ mu: 25, sigma: 25 / 3, limitSigma: false })
  })

  test.each([
    [{ system: 'trueskill' }, /system: 'trueskill' is not one of elo, glicko2, openskill/],
    [{ system: 'constructor' }, /is not one of/],
    [{ system: 'elo', tau: 0.5 }, /tau: elo has no such option; it has initial, k, expectation, differenceMax/],
    [{ system: 'elo', k: -1 }, /k: must be >= 0/],
    [{ system: 'elo', k: '32' }, /k: must be number/],
    [{ system: 'elo', k: Number.NaN }, /k: /],
    [{ system: 'elo', expectation: 'normal' }, /expectation: /],
    [{ system: 'glicko2', tau: 0 }, /tau: must be >= 0.01/],
    [{ system: 'openskill', beta: 0 }, /beta: must be >=/],
  ])('%j is refused with the reason', (options, reason) => {
    expect(() => ratingSystem(options as GivenRatingOptions)).toThrow(reason)
  })
})

describe('broken games', () => {
  const fine = { value: 1500, games: 0 }
  test.each<[string, Game, RegExp]>([
    ['one team', { teams: [[fine]], ranks: [1] }, /at least two/],
    ['too many teams', { teams: Array(1001).fill([fine]), ranks: Array(1001).fill(1) }, /at most 1000/],
    ['a team of nobody', { teams: [[fine], []], ranks: [1, 2] }, /teams\[1\]: has no players/],
    ['a crowd', { teams: [[fine], Array(1001).fill(fine)], ranks: [1, 2] }, /teams\[1\]: has more than 1000/],
    ['a rank too few', { teams: [[fine], [fine]], ranks: [1] }, /ranks: 1 given for 2 teams/],
    ['a rank that is none', { teams: [[fine], [fine]], ranks: [1, Number.NaN] }, /ranks\[1\]/],
    ['no time', { teams: [[fine], [fine]], ranks: [1, 2], atMs: Number.NaN }, /atMs/],
    ['no number', { teams: [[fine], [{ value: Number.NaN, games: 0 }]], ranks: [1, 2] }, /teams\[1\]\[0\]: NaN/],
    ['beyond all bounds', { teams: [[{ value: 1e12, games: 0 }], [fine]], ranks: [1, 2] }, /teams\[0\]\[0\]/],
    ['a negative deviation', { teams: [[{ ...fine, deviation: -1 }], [fine]], ranks: [1, 2] }, /deviation/],
    ['a wild volatility', { teams: [[{ ...fine, volatility: 11 }], [fine]], ranks: [1, 2] }, /volatility/],
  ])('%s is refused', (_, game, reason) => {
    for (const system of ['elo', 'glicko2', 'openskill'] as const) {
      expect(() => ratingSystem({ system }).rate(game)).toThrow(reason)
    }
  })
})
