import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Rating, ratingSystem } from './index.ts'

const systems = [
  ratingSystem({ system: 'elo' }),
  ratingSystem({ system: 'elo', expectation: 'logistic', differenceMax: 1e9, k: 1000 }),
  ratingSystem({ system: 'glicko2' }),
  ratingSystem({ system: 'glicko2', periodDays: 1, volatilityMax: 10, tau: 10 }),
  ratingSystem({ system: 'openskill' }),
  ratingSystem({ system: 'openskill', tau: 0, kappa: 1e-9 }),
].map((system, at) => ({ label: `${system.name} ${at}`, system }))

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const absurdRating: fc.Arbitrary<Rating> = fc.record({
  value: fc.oneof(finite(-1e9, 1e9), finite(0, 3000), fc.constantFrom(-1e9, 1e9, 0)),
  deviation: fc.option(fc.oneof(finite(0, 1e6), fc.constantFrom(0, 1e6, Number.MIN_VALUE)), { nil: undefined }),
  volatility: fc.option(fc.oneof(finite(0, 10), fc.constantFrom(0, 10)), { nil: undefined }),
  games: fc.nat(),
  lastAtMs: fc.option(finite(-8.64e15, 8.64e15), { nil: undefined }),
})
const gameOf = (rating: fc.Arbitrary<Rating>, sizeMax: number) =>
  fc.array(fc.array(rating, { minLength: 1, maxLength: sizeMax }), { minLength: 2, maxLength: 6 }).chain((teams) =>
    fc.record({
      teams: fc.constant(teams),
      ranks: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: teams.length, maxLength: teams.length }),
      atMs: fc.option(finite(-8.64e15, 8.64e15), { nil: undefined }),
    }),
  )
const absurdGame = gameOf(absurdRating, 4)
const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0)

describe.each(systems)('$label', ({ system }) => {
  test('every number stays finite, whatever comes in', () => {
    fc.assert(
      fc.property(absurdGame, (game) => {
        for (const rating of system.rate(game).flat()) {
          for (const number of Object.values(rating)) expect(Number.isFinite(number ?? 0)).toBe(true)
          expect(Number.isFinite(system.points(rating))).toBe(true)
          expect(Number.isFinite(system.standing(rating))).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('what it returns can be rated again', () => {
    fc.assert(
      fc.property(absurdGame, ({ teams, ranks }) => {
        const half = (number?: number) => number && number / 2
        const inside = teams.map((team) =>
          team.map((one) => ({ ...one, value: one.value / 2, deviation: half(one.deviation) })),
        )
        system.rate({ teams: system.rate({ teams: inside, ranks }), ranks })
      }),
    )
  })

  test('chances lie in 0..1 and add up to 1', () => {
    fc.assert(
      fc.property(absurdGame, ({ teams, atMs }) => {
        const chances = system.predict(teams, atMs)
        for (const chance of chances) expect(chance >= 0 && chance <= 1).toBe(true)
        expect(sum(chances)).toBeCloseTo(1, 9)
      }),
    )
  })

  test('a sole winner never loses rating, and a sole last never gains any', () => {
    fc.assert(
      fc.property(absurdGame, (game) => {
        const after = system.rate(game)
        const placesOf = (rank: number) => game.ranks.filter((other) => other === rank).length
        const best = Math.min(...game.ranks)
        const worst = Math.max(...game.ranks)
        game.teams.forEach((team, at) => {
          team.forEach((before, seat) => {
            const moved = after[at]![seat]!.value - before.value
            if (game.ranks[at] === best && placesOf(best) === 1) expect(moved).toBeGreaterThanOrEqual(0)
            if (game.ranks[at] === worst && placesOf(worst) === 1) expect(moved).toBeLessThanOrEqual(0)
          })
        })
      }),
    )
  })

  test('the order in which teams and their members are named does not matter', () => {
    fc.assert(
      fc.property(absurdGame, (game) => {
        const turned = {
          ...game,
          teams: game.teams.toReversed().map((team) => team.toReversed()),
          ranks: game.ranks.toReversed(),
        }
        const after = system.rate(game).flat()
        const afterTurned = system.rate(turned).flat().toReversed()
        after.forEach((rating, at) => {
          expect(Math.abs(rating.value - afterTurned[at]!.value)).toBeLessThanOrEqual(
            1e-6 * (1 + Math.abs(rating.value)),
          )
        })
      }),
    )
  })

  test('players who are the same swap their ratings when they swap the result', () => {
    fc.assert(
      fc.property(absurdRating, fc.boolean(), (rating, drawn) => {
        const ranks = drawn ? [1, 1] : [1, 2]
        const [[first], [second]] = system.rate({ teams: [[rating], [rating]], ranks }) as [[Rating], [Rating]]
        const swapped = system.rate({ teams: [[rating], [rating]], ranks: ranks.toReversed() })
        expect(swapped).toEqual([[second], [first]])
        if (drawn) expect(first.value).toBeCloseTo(rating.value, 6)
      }),
    )
  })

  test('newcomers of one field come out in the order of their ranks', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 2 }), (ranks) => {
        const after = system.rate({ teams: ranks.map(() => [system.initial()]), ranks }).map(([one]) => one!.value)
        const byRank = ranks.map((rank, at) => ({ rank, value: after[at]! })).sort((a, b) => a.rank - b.rank)
        byRank.slice(1).forEach(({ value }, at) => {
          expect(value).toBeLessThan(byRank[at]!.value)
        })
      }),
    )
  })

  test('newcomers who tie stay level', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 8 }), (ranks) => {
        const after = system.rate({ teams: ranks.map(() => [system.initial()]), ranks }).map(([one]) => one!.value)
        ranks.forEach((rank, at) => {
          expect(after[at]).toBeCloseTo(after[ranks.indexOf(rank)]!, 9)
        })
      }),
    )
  })

  test('a higher rating is never the underdog', () => {
    fc.assert(
      fc.property(finite(0, 3000), finite(0, 3000), (one, other) => {
        const newcomer = system.initial()
        const [chance] = system.predict([
          [{ ...newcomer, value: Math.max(one, other) }],
          [{ ...newcomer, value: Math.min(one, other) }],
        ])
        expect(chance).toBeGreaterThanOrEqual(0.5)
      }),
    )
  })

  test('what goes in is left as it was', () => {
    fc.assert(
      fc.property(absurdGame, (game) => {
        const copy = structuredClone(game)
        system.rate(game)
        system.predict(game.teams)
        expect(game).toEqual(copy)
      }),
      { numRuns: 20 },
    )
  })
})

test('Elo between two players is zero-sum', () => {
  fc.assert(
    fc.property(finite(0, 4000), finite(0, 4000), fc.constantFrom([1, 2], [1, 1], [2, 1]), (one, other, ranks) => {
      for (const expectation of ['fide', 'logistic'] as const) {
        const teams = [one, other].map((value) => [{ value, games: 0 }])
        const after = ratingSystem({ system: 'elo', expectation }).rate({ teams, ranks })
        expect(sum(after.flat().map(({ value }) => value))).toBeCloseTo(one + other, 8)
      }
    }),
  )
})
