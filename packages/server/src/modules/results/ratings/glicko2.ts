import Type, { type Static } from 'typebox'
import { fieldChances, mean, rootMeanSquare } from './field.ts'
import { assertGame, assertTeams, scoreBetween, type Teams } from './game.ts'
import { attenuation, expectedScore, glicko2Period, glicko2Scale, type PeriodGame } from './glicko2-period.ts'
import { playedOnce, type Rating, ratingDeviationMax, ratingValueMax } from './rating.ts'
import type { RatingSystem } from './system.ts'

export const Glicko2Options = Type.Object(
  {
    system: Type.Literal('glicko2'),
    initial: Type.Number({
      default: 1500,
      minimum: -ratingValueMax,
      maximum: ratingValueMax,
      description: 'Rating of a newcomer.',
    }),
    deviation: Type.Number({
      default: 350,
      minimum: 1,
      maximum: ratingDeviationMax,
      description: 'Deviation (RD) of a newcomer. No deviation grows beyond it.',
    }),
    volatility: Type.Number({ default: 0.06, minimum: 0.001, maximum: 1, description: 'Volatility of a newcomer.' }),
    tau: Type.Number({
      default: 0.5,
      minimum: 0.01,
      maximum: 10,
      description: 'How fast volatility may change. Glickman: 0.3 to 1.2; smaller where upsets are common.',
    }),
    volatilityMax: Type.Number({
      default: 0.1,
      minimum: 0.001,
      maximum: 10,
      description: 'No volatility grows beyond it, so that no string of upsets lets a rating run away.',
    }),
    periodDays: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 3650,
      description:
        'Length of a rating period in days: deviations then grow with the time since the last game. ' +
        '0 ignores time: every game is a period of its own.',
    }),
  },
  { additionalProperties: false, description: 'Glicko-2: a rating, how sure it is, and how erratic the player is.' },
)
export type Glicko2Options = Static<typeof Glicko2Options>

const dayMs = 86_400_000

/**
 * Glicko-2 (the paper is named in `glicko2-period.ts`), with each game rated at once, as a period of its own.
 *
 * Teams. Each player is rated against a composite opponent for each other team: as far above or below him as that
 * team's mean rating is above or below his own team's mean, and as uncertain as the root mean square of its deviations.
 * (The composite opponent is from G. Williams, "Abstracting Glicko-2 for Team Games", University of Cincinnati, 2013;
 * measuring it from the team's mean and not from the player himself gives all members the same expected score, so that
 * the strongest of a team is not punished for his team's losses, and the update agrees with the prediction.)
 * For two single players it is Glicko-2 unchanged.
 *
 * Fields of n sides. A player meets n - 1 composite opponents in one period, but one ranking tells less than n - 1
 * separate games would: each pair counts as `gamesWorth(n) / (n - 1)` of a game.
 *
 * Time. With `periodDays`, the whole periods a player sat out add to his deviation before the game, as the paper has
 * it, and the game itself adds for the part of a period that has gone by since his last one.
 */
export function glicko2(options: Glicko2Options): RatingSystem {
  const periodMs = options.periodDays * dayMs
  const volatilityOf = (rating: Rating) => rating.volatility ?? options.volatility

  const periodsSince = ({ lastAtMs }: Rating, atMs: number | undefined) =>
    periodMs === 0 || atMs === undefined || lastAtMs === undefined ? 1 : Math.max(0, atMs - lastAtMs) / periodMs

  const deviationAt = (rating: Rating, atMs: number | undefined) => {
    const idlePeriods = Math.max(0, periodsSince(rating, atMs) - 1)
    const growth = glicko2Scale * volatilityOf(rating) * Math.sqrt(idlePeriods)
    return Math.min(options.deviation, Math.hypot(rating.deviation ?? options.deviation, growth))
  }

  const compositesOf = (teams: Teams, atMs: number | undefined) =>
    teams.map((team) => ({
      value: mean(team.map((rating) => rating.value)),
      deviation: rootMeanSquare(team.map((rating) => deviationAt(rating, atMs))),
    }))

  return {
    name: 'glicko2',
    initial: () => ({ value: options.initial, deviation: options.deviation, volatility: options.volatility, games: 0 }),
    rate(game) {
      assertGame(game)
      const { teams, ranks, atMs } = game
      const composites = compositesOf(teams, atMs)
      const weight = gamesWorth(teams.length) / (teams.length - 1)
      return teams.map((team, at) =>
        team.map((before) => {
          const opponents: PeriodGame[] = composites.flatMap((other, against) => {
            if (against === at) return []
            const value = before.value + (other.value - composites[at]!.value)
            return { value, deviation: other.deviation, score: scoreBetween(ranks[at]!, ranks[against]!), weight }
          })
          const player = {
            value: before.value,
            deviation: deviationAt(before, atMs),
            volatility: volatilityOf(before),
          }
          const after = glicko2Period(player, opponents, {
            tau: options.tau,
            deviationMax: options.deviation,
            volatilityMax: options.volatilityMax,
            share: Math.min(1, periodsSince(before, atMs)),
          })
          return { ...after, ...playedOnce(before, atMs) }
        }),
      )
    },
    predict(teams, atMs) {
      assertTeams(teams)
      const composites = compositesOf(teams, atMs)
      return fieldChances(teams.length, (one, other) => {
        const [own, opposing] = [composites[one]!, composites[other]!]
        const g = attenuation(Math.hypot(own.deviation, opposing.deviation) / glicko2Scale)
        return expectedScore(own.value - opposing.value, g)
      })
    },
    points: (rating) => rating.value,
    spread: (rating) => rating.deviation ?? options.deviation,
    standing: (rating) => rating.value,
  }
}

/**
 * How many two-player games tell as much about one player as his place in a field of n equals does.
 *
 * In a Plackett-Luce ranking the choice among m who are left carries Fisher information (1/m)(1 - 1/m) about each, and
 * a player is still among them with chance m/n. Summed over m = 2..n and divided by a two-player game's 1/4, that is
 * 4 (n - H_n) / n, H_n = 1 + 1/2 + ... + 1/n: 1 for two, 1.56 for three, 2.64 for eight, never 4.
 */
export function gamesWorth(sides: number): number {
  let harmonic = 0
  for (let side = 1; side <= sides; side++) harmonic += 1 / side
  return (4 * (sides - harmonic)) / sides
}
