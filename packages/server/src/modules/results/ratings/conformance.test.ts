import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { glicko2Period, type Rating, ratingSystem } from './index.ts'

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../../../../conformance/${name}`, import.meta.url), 'utf8'))
const published = fixture('ratings-published.json')
const oracles = fixture('ratings.json')

interface Mu {
  mu: number
  sigma: number
}
interface Rd {
  rating: number
  rd: number
  volatility: number
}
type PeriodResult = Omit<Rd, 'volatility'> & { score: number }

const fromMu = ({ mu, sigma }: Mu): Rating => ({ value: mu, deviation: sigma, games: 0 })
const fromRd = ({ rating, rd, volatility }: Rd): Rating => ({ value: rating, deviation: rd, volatility, games: 0 })
const near = (actual: number | undefined, wanted: number, tolerance: number) =>
  expect(Math.abs(actual! - wanted)).toBeLessThanOrEqual(tolerance)

function periodOf({ player, period, tau }: { player: Rd; period: PeriodResult[]; tau: number }) {
  return glicko2Period(
    { value: player.rating, deviation: player.rd, volatility: player.volatility },
    period.map(({ rating, rd, score }) => ({ value: rating, deviation: rd, score })),
    { tau, deviationMax: 350, volatilityMax: 1 },
  )
}

describe('published examples', () => {
  const [paper, newcomers] = published.glicko2

  test('Glicko-2: the paper, to its last exact digit', () => {
    const after = periodOf(paper)
    near(after.value, paper.expect.rating, 5e-5)
    near(after.deviation, paper.expect.rd, 5e-5)
    near(after.volatility, paper.expect.volatility, 5e-7)
  })

  test('Glicko-2: two newcomers, one game', () => {
    const [[winner], [loser]] = ratingSystem({ system: 'glicko2', tau: newcomers.tau }).rate({
      teams: [[fromRd(newcomers.winner)], [fromRd(newcomers.loser)]],
      ranks: [1, 2],
    }) as [[Rating], [Rating]]
    near(winner.value, newcomers.expect.winner, 5e-3)
    near(loser.value, newcomers.expect.loser, 5e-3)
    near(winner.deviation, newcomers.expect.rd, 5e-5)
    near(loser.deviation, newcomers.expect.rd, 5e-5)
  })

  test.each(published.elo as Record<string, number>[])('Elo: $a against $b, score $score_a, K $k', (one) => {
    const ranks = { 1: [1, 2], 0.5: [1, 1], 0: [2, 1] }[one.score_a!]!
    const [[a], [b]] = ratingSystem({ system: 'elo', k: one.k! }).rate({
      teams: [[{ value: one.a!, games: 0 }], [{ value: one.b!, games: 0 }]],
      ranks,
    }) as [[Rating], [Rating]]
    // The whole deltas are FIDE's published ones; the others are exact.
    if (one.delta_a !== undefined) expect(Math.round(a.value - one.a!)).toBe(one.delta_a)
    if (one.expect_a !== undefined) near(a.value, one.expect_a, 1e-9)
    if (one.expect_b !== undefined) near(b.value, one.expect_b, 1e-9)
  })

  test.each(published.openskill as Record<string, number>[])('OpenSkill: $game', (one) => {
    const system = ratingSystem({ system: 'openskill' })
    const [[winner], [loser]] = system.rate({
      teams: [[system.initial()], [system.initial()]],
      ranks: [1, 2],
    }) as [[Rating], [Rating]]
    near(winner.value, one.winner_mu!, 1e-9)
    near(loser.value, one.loser_mu!, 1e-9)
    near(winner.deviation, one.sigma!, 1e-9)
  })
})

describe('other implementations', () => {
  const { openskill, glicko2 } = oracles

  test.each(openskill.cases as { name: string; options: object; teams: Mu[][]; ranks: number[]; expect: Mu[][] }[])(
    'OpenSkill: $name',
    ({ options, teams, ranks, expect: wanted }) => {
      const after = ratingSystem({ system: 'openskill', ...options }).rate({
        teams: teams.map((team) => team.map(fromMu)),
        ranks,
      })
      wanted.forEach((team, at) => {
        team.forEach(({ mu, sigma }, seat) => {
          near(after[at]![seat]!.value, mu, openskill.tolerance)
          near(after[at]![seat]!.deviation, sigma, openskill.tolerance)
        })
      })
    },
  )

  test.each(glicko2.cases as { name: string; player: Rd; period: PeriodResult[]; tau: number; expect: Rd }[])(
    'Glicko-2: $name',
    ({ expect: wanted, ...one }) => {
      const after = periodOf(one)
      near(after.value, wanted.rating, glicko2.tolerance)
      near(after.deviation, wanted.rd, glicko2.tolerance)
      near(after.volatility, wanted.volatility, glicko2.tolerance)
    },
  )
})
