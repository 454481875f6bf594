import { describe, expect, test } from 'vitest'
import { gamesWorth } from './glicko2.ts'
import { glicko2Period, type Rating, ratingSystem } from './index.ts'

const dayMs = 86_400_000
const at = (value: number, deviation = 100, lastAtMs?: number): Rating => ({
  value,
  deviation,
  volatility: 0.06,
  games: 20,
  lastAtMs,
})
const rules = { tau: 0.5, deviationMax: 350, volatilityMax: 0.1 }

test('a period without games only adds to the deviation', () => {
  const after = glicko2Period({ value: 1500, deviation: 50, volatility: 0.06 }, [], rules)
  expect(after.value).toBe(1500)
  expect(after.volatility).toBe(0.06)
  expect(after.deviation).toBeCloseTo(Math.hypot(50, 0.06 * 173.7178), 9)
})

test('rating a game is a period of one game', () => {
  const [after] = ratingSystem({ system: 'glicko2' }).rate({ teams: [[at(1500)], [at(1620, 70)]], ranks: [1, 2] })[0]!
  const player = { value: 1500, deviation: 100, volatility: 0.06 }
  expect(after).toMatchObject(glicko2Period(player, [{ value: 1620, deviation: 70, score: 1 }], rules))
})

test('no run of impossible upsets drives the volatility past its limit', () => {
  let player = { value: 1500, deviation: 60, volatility: 0.06 }
  for (let game = 0; game < 2000; game++) {
    player = glicko2Period(player, [{ value: player.value + 3000, deviation: 30, score: 1 }], rules)
  }
  expect(player.volatility).toBe(rules.volatilityMax)
  expect(player.deviation).toBeLessThanOrEqual(350)
  expect(Number.isFinite(player.value)).toBe(true)
})

test('one impossible upset moves the volatility a little, not to its limit', () => {
  for (const odds of [800, 1200, 2000, 3000, 4000]) {
    const player = { value: 1500, deviation: 60, volatility: 0.06 }
    const after = glicko2Period(player, [{ value: 1500 + odds, deviation: 30, score: 1 }], {
      ...rules,
      volatilityMax: 1,
    })
    expect(after.volatility).toBeGreaterThan(0.06)
    expect(after.volatility).toBeLessThan(0.0601)
  }
})

describe('teams', () => {
  const system = ratingSystem({ system: 'glicko2' })

  test('members of equal certainty move together, however far apart they are', () => {
    const [strong, weak] = system.rate({
      teams: [
        [at(1900), at(1300)],
        [at(1700), at(1700)],
      ],
      ranks: [1, 2],
    })[0]!
    expect(strong!.value - 1900).toBeCloseTo(weak!.value - 1300, 9)
    expect(strong!.value).toBeGreaterThan(1900)
  })

  test('who is less known moves more', () => {
    const [known, unknown] = system.rate({ teams: [[at(1600, 50), at(1600, 250)], [at(1600)]], ranks: [1, 2] })[0]!
    expect(unknown!.value - 1600).toBeGreaterThan(4 * (known!.value - 1600))
  })

  test('a team of equals is predicted and rated like one of them', () => {
    const [solo] = system.rate({ teams: [[at(1600)], [at(1700)]], ranks: [1, 2] })[0]!
    const [member] = system.rate({
      teams: [
        [at(1600), at(1600)],
        [at(1700), at(1700), at(1700)],
      ],
      ranks: [1, 2],
    })[0]!
    expect(member!.value).toBeCloseTo(solo!.value, 9)
    expect(system.predict([[at(1600), at(1600)], [at(1700)]])).toEqual(system.predict([[at(1600)], [at(1700)]]))
  })
})

describe('fields', () => {
  test('a place among n is worth as many games as its Fisher information', () => {
    expect(gamesWorth(2)).toBe(1)
    expect(gamesWorth(3)).toBeCloseTo(14 / 9, 12)
    expect(gamesWorth(8)).toBeCloseTo(2.641, 3)
    expect(gamesWorth(100_000)).toBeLessThan(4)
  })

  test('the middle of a field of equals does not move, and all become better known', () => {
    const field = [1, 2, 3].map(() => [at(1500)])
    const [first, second, third] = ratingSystem({ system: 'glicko2' })
      .rate({ teams: field, ranks: [1, 2, 3] })
      .flat()
    expect(second!.value).toBeCloseTo(1500, 9)
    expect(first!.value - 1500).toBeCloseTo(1500 - third!.value, 9)
    for (const { deviation } of [first!, second!, third!]) expect(deviation).toBeLessThan(100)
  })
})

describe('time', () => {
  const system = ratingSystem({ system: 'glicko2', periodDays: 10 })
  const deviationAfter = (idleDays: number) =>
    system.rate({ teams: [[at(1500, 50, 0)], [at(1500, 50, 0)]], ranks: [1, 2], atMs: idleDays * dayMs })[0]![0]!
      .deviation!

  test('the deviation grows with the time since the last game', () => {
    const grown = [0, 5, 10, 100, 1000].map(deviationAfter)
    expect(grown).toEqual(grown.toSorted((a, b) => a - b))
    expect(new Set(grown).size).toBe(5)
  })

  test('exactly one period is the paper unchanged', () => {
    const paper = glicko2Period(
      { value: 1500, deviation: 50, volatility: 0.06 },
      [{ value: 1500, deviation: 50, score: 1 }],
      rules,
    )
    expect(deviationAfter(10)).toBeCloseTo(paper.deviation, 9)
  })

  test('however long the rest, a player is no less known than a newcomer', () => {
    const chance = system.predict([[at(1900, 50, 0)], [at(1500, 50, 0)]], 1e6 * dayMs)[0]!
    const asNewcomers = system.predict([[at(1900, 350)], [at(1500, 350)]])[0]!
    expect(chance).toBeCloseTo(asNewcomers, 12)
  })

  test('without periodDays time is not looked at, and a clock that runs backwards adds nothing', () => {
    const timeless = ratingSystem({ system: 'glicko2' })
    const game = { teams: [[at(1500, 50, 0)], [at(1500, 50, 0)]], ranks: [1, 2] }
    const values = (rated: Rating[][]) => rated.flat().map(({ value, deviation }) => [value, deviation])
    expect(values(timeless.rate({ ...game, atMs: 1e6 * dayMs }))).toEqual(values(timeless.rate(game)))
    expect(deviationAfter(-5)).toBe(deviationAfter(0))
  })
})
