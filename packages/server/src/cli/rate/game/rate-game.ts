import { glicko2Period, type Rating, ratingSystem } from '../../../modules/results/ratings/index.ts'
import { BadInput } from '../bad-input.ts'
import { inOwnWords } from '../own-words.ts'
import type { AskedGame, AskedPeriod } from './asked.ts'
import type { Seat } from './seat.ts'

/** The answer to --game, ready to be printed as JSON; the command's help gives its shape. */
export function rateGame(asked: AskedGame | AskedPeriod): Record<string, unknown> {
  try {
    return 'games' in asked ? ratePeriod(asked) : rateTeams(asked)
  } catch (error) {
    if (error instanceof RangeError) throw new BadInput(error.message)
    throw error
  }
}

function rateTeams({ options, teams, ranks, atMs, listed }: AskedGame) {
  const system = ratingSystem(options)
  const before = teams.map((team) => team.map(({ rating }) => rating))
  const prediction = system.predict(before, atMs)
  const after = system.rate({ teams: before, ranks, atMs })
  const players = teams.map((team, at) => {
    const rated = team.map((seat, index) => ratedSeat(seat, after[at]![index]!, ranks[at]))
    return listed[at] ? rated : rated[0]
  })
  return { ...named(options), prediction, players }

  function ratedSeat(seat: Seat, rating: Rating, rank: number | undefined) {
    return { ...idOf(seat), rank, ...change(options.system, seat.rating, rating), games: rating.games }
  }
}

function ratePeriod({ options, player, games }: AskedPeriod) {
  const system = ratingSystem(options)
  const before = player.rating
  const prediction = games.map(({ opponent }) => system.predict([[before], [opponent.rating]])[0])
  const period = games.map(({ opponent, score }) => ({ ...numbersOf(opponent.rating), score }))
  const after = glicko2Period(numbersOf(before), period, {
    tau: options.tau,
    deviationMax: options.deviation,
    volatilityMax: options.volatilityMax,
  })
  const rating = { ...after, games: before.games + games.length }
  return {
    ...named(options),
    prediction,
    player: { ...idOf(player), ...change('glicko2', before, rating), games: rating.games },
  }

  function numbersOf({ value, deviation = options.deviation, volatility = options.volatility }: Rating) {
    return { value, deviation, volatility }
  }
}

function named({ system, ...parameters }: AskedGame['options']) {
  return { system, parameters }
}

function idOf({ id }: Seat) {
  return id === undefined ? {} : { id }
}

function change(system: AskedGame['options']['system'], before: Rating, after: Rating) {
  return {
    ...inOwnWords(system, after),
    // Twelve digits: what is subtracted shows the noise of doubles, as 36.799999999999955 for 36.8.
    delta: Number((after.value - before.value).toPrecision(12)),
    before: inOwnWords(system, before),
  }
}
