import Type, { type Static } from 'typebox'
import { assertGame, assertTeams, type Teams } from './game.ts'
import { playedOnce, type Rating, ratingDeviationMax, ratingValueMax } from './rating.ts'
import type { RatingSystem } from './system.ts'

export const OpenSkillOptions = Type.Object(
  {
    system: Type.Literal('openskill'),
    mu: Type.Number({
      default: 25,
      minimum: -ratingValueMax,
      maximum: ratingValueMax,
      description: 'Mean strength of a newcomer.',
    }),
    sigma: Type.Number({
      default: 25 / 3,
      minimum: 1e-6,
      maximum: ratingDeviationMax,
      description: "Deviation of a newcomer's strength.",
    }),
    beta: Type.Number({
      default: 25 / 6,
      minimum: 1e-6,
      maximum: ratingDeviationMax,
      description: 'How much chance there is in one game: the deviation of one performance from true strength.',
    }),
    tau: Type.Number({
      default: 25 / 300,
      minimum: 0,
      maximum: ratingDeviationMax,
      description: 'Uncertainty added before each game, so that ratings never set hard.',
    }),
    kappa: Type.Number({
      default: 1e-4,
      minimum: 1e-9,
      maximum: 1,
      description: 'The least share of its square that a deviation keeps after one game.',
    }),
    limitSigma: Type.Boolean({ default: false, description: 'Never let a game leave a deviation larger than it was.' }),
  },
  {
    additionalProperties: false,
    description: 'OpenSkill: Weng and Lin with the Plackett-Luce model. Teams and fields of any size.',
  },
)
export type OpenSkillOptions = Static<typeof OpenSkillOptions>

/** On the scale of Elo and Glicko-2, 400 points are odds of ten to one; this many are odds of e to one. */
const pointsPerLogit = 400 / Math.LN10
const middlePoints = 1500
/** The ordinal's caution: with three deviations, 99.9 % of players are stronger than they are listed. */
const cautionSigmas = 3

/**
 * Weng-Lin with the Plackett-Luce model: R. C. Weng and C.-J. Lin, "A Bayesian Approximation Method for Online Ranking",
 * Journal of Machine Learning Research 12 (2011), algorithm 4, with the conventions of OpenSkill's default model: a team is
 * the sum of its members; gamma is sigma_team / c; sigma squared grows by tau squared before each game; those who tie
 * share their stage's update. (So in a field it rewards a tie for the first place less than it should: of eight equals, two
 * who tie for first earn less than the third. The model is kept as it is published.)
 *
 * Predictions are the model's own: the first choice of a Plackett-Luce ranking. (OpenSkill's predictWin, a normal curve
 * over each pair, is steeper than what the update believes: on real one-against-one results it predicts worse, and in
 * fields of eight its numbers are no chances of coming first.)
 *
 * `points` puts mu on the scale of the other systems. Between two well-known players the model's odds are e to one when
 * their mu differ by sqrt(2) beta; a newcomer has 1500. `standing` is OpenSkill's ordinal, mu - 3 sigma, on that same
 * scale: newcomers begin far down (763 by default) and rise as they become known, so that nobody tops a board by one
 * lucky game.
 */
export function openskill(options: OpenSkillOptions): RatingSystem {
  const { beta, tau, kappa } = options
  const sigmaOf = (rating: Rating) => rating.deviation ?? options.sigma
  const sumsOf = (teams: Teams, drift: number) =>
    teams.map((team) => ({
      mu: team.reduce((sum, rating) => sum + rating.value, 0),
      variance: team.reduce((sum, rating) => sum + sigmaOf(rating) ** 2 + drift ** 2, 0),
    }))
  const spreadOf = (sums: readonly { variance: number }[]) =>
    Math.sqrt(sums.reduce((total, { variance }) => total + variance + beta ** 2, 0))
  const pointsPerMu = pointsPerLogit / (Math.SQRT2 * beta)
  const points = (mu: number) => middlePoints + pointsPerMu * (mu - options.mu)

  return {
    name: 'openskill',
    initial: () => ({ value: options.mu, deviation: options.sigma, games: 0 }),
    rate(game) {
      assertGame(game)
      const { teams, ranks, atMs } = game
      const sums = sumsOf(teams, tau)
      const c = spreadOf(sums)
      const stages = stagesOf(strengthsOf(sums, c), ranks)
      return teams.map((team, at) => {
        const { omega, delta } = stages[at]!
        const gamma = Math.sqrt(sums[at]!.variance) / c
        return team.map((before) => {
          // The team's variance and each player's share of it cancel: his own variance is what is left.
          const variance = sigmaOf(before) ** 2 + tau ** 2
          const kept = Math.max(1 - (variance / c ** 2) * gamma * delta, kappa)
          const sigma = Math.sqrt(variance * kept)
          return {
            value: before.value + (variance / c) * omega,
            deviation: options.limitSigma ? Math.min(sigma, sigmaOf(before)) : sigma,
            ...playedOnce(before, atMs),
          }
        })
      })
    },
    predict(teams) {
      assertTeams(teams)
      const sums = sumsOf(teams, 0)
      const weights = strengthsOf(sums, spreadOf(sums)).map(Math.exp)
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      return weights.map((weight) => weight / total)
    },
    points: (rating) => points(rating.value),
    spread: (rating) => pointsPerMu * sigmaOf(rating),
    standing: (rating) => points(rating.value - cautionSigmas * sigmaOf(rating)),
  }
}

/** mu / c of each team, less the strongest team's: only differences count, and e^(mu / c) itself could overflow. */
function strengthsOf(sums: readonly { mu: number }[], c: number): number[] {
  const strongest = sums.reduce((most, { mu }) => Math.max(most, mu), Number.NEGATIVE_INFINITY)
  return sums.map(({ mu }) => (mu - strongest) / c)
}

/**
 * The paper's Omega and Delta for each team, before they are scaled by its variance. A ranking is a row of choices: the
 * first among all, the next among those left, and so on; each team is updated by every choice it still stood in.
 */
function stagesOf(strengths: readonly number[], ranks: readonly number[]): { omega: number; delta: number }[] {
  const stages = strengths.map((_, stage) => ({
    left: logTotal(strengths.filter((_, at) => ranks[at]! >= ranks[stage]!)),
    tied: ranks.filter((rank) => rank === ranks[stage]).length,
  }))
  return strengths.map((strength, at) => {
    let omega = 0
    let delta = 0
    stages.forEach(({ left, tied }, stage) => {
      if (ranks[stage]! > ranks[at]!) return
      const chance = Math.min(1, Math.exp(strength - left))
      omega += ((stage === at ? 1 : 0) - chance) / tied
      delta += (chance * (1 - chance)) / tied
    })
    return { omega, delta }
  })
}

/** log of the sum of e^x, by way of the largest x: far behind the strongest, every e^x alone would vanish. */
function logTotal(exponents: readonly number[]): number {
  const largest = exponents.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY)
  return largest + Math.log(exponents.reduce((sum, one) => sum + Math.exp(one - largest), 0))
}
