import Type, { type Static } from 'typebox'
import { fideExpected } from './fide-table.ts'
import { fieldChances, mean } from './field.ts'
import { assertGame, assertTeams, scoreBetween, type Teams } from './game.ts'
import { playedOnce, ratingValueMax } from './rating.ts'
import type { RatingSystem } from './system.ts'

export const EloOptions = Type.Object(
  {
    system: Type.Literal('elo'),
    initial: Type.Number({
      default: 1500,
      minimum: -ratingValueMax,
      maximum: ratingValueMax,
      description: 'Rating of a newcomer.',
    }),
    k: Type.Number({
      default: 32,
      minimum: 0,
      maximum: 1000,
      description: 'The most points one game can move. Higher follows form faster and jitters more.',
    }),
    expectation: Type.Union([Type.Literal('fide'), Type.Literal('logistic')], {
      default: 'fide',
      description: "How a difference becomes an expected score: FIDE's table, or the curve 1 / (1 + 10^(-d/400)).",
    }),
    differenceMax: Type.Number({
      default: 400,
      minimum: 1,
      maximum: 2 * ratingValueMax,
      description: 'A larger difference counts as this one, so that beating a much weaker player still earns a little.',
    }),
  },
  { additionalProperties: false, description: 'Elo: one number a player, zero-sum, easy to explain.' },
)
export type EloOptions = Static<typeof EloOptions>

/**
 * Elo, as FIDE computes it: new = old + K (score - expected), with the expected score from FIDE's table and differences
 * over 400 points counted as 400 (FIDE Handbook B02, 8.3). `expectation: 'logistic'` takes the curve that most games
 * know instead.
 *
 * For more than two sides, or for teams: a team is as strong as the mean of its members; each pair of teams plays one
 * two-player game, read from their ranks; every member of a team gets the mean of what his team's games earned. For two
 * single players this is Elo unchanged; in any field the winner earns at most K; and if the teams are of one size,
 * what some gain is what the others lose.
 *
 * Changes are kept exact. FIDE publishes whole numbers: round when showing, never when storing.
 */
export function elo(options: EloOptions): RatingSystem {
  const { initial, k, differenceMax } = options
  const curve = options.expectation === 'fide' ? fideExpected : logistic
  const expected = (one: number, other: number) => curve(Math.min(differenceMax, Math.max(-differenceMax, one - other)))
  const strengthsOf = (teams: Teams) => teams.map((team) => mean(team.map((rating) => rating.value)))

  return {
    name: 'elo',
    initial: () => ({ value: initial, games: 0 }),
    rate(game) {
      assertGame(game)
      const { teams, ranks, atMs } = game
      const strengths = strengthsOf(teams)
      return teams.map((team, at) => {
        let surprise = 0
        strengths.forEach((other, against) => {
          if (against === at) return
          surprise += scoreBetween(ranks[at]!, ranks[against]!) - expected(strengths[at]!, other)
        })
        const gain = (k * surprise) / (teams.length - 1)
        return team.map((before) => ({ value: before.value + gain, ...playedOnce(before, atMs) }))
      })
    },
    predict(teams) {
      assertTeams(teams)
      const strengths = strengthsOf(teams)
      return fieldChances(teams.length, (one, other) => expected(strengths[one]!, strengths[other]!))
    },
    points: (rating) => rating.value,
    spread: () => null,
    standing: (rating) => rating.value,
  }
}

function logistic(difference: number): number {
  return 1 / (1 + 10 ** (-difference / 400))
}
