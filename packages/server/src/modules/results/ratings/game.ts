import { type Rating, ratingDeviationMax, ratingValueMax, ratingVolatilityMax } from './rating.ts'

/** Comparing every team with every other costs the square of their number. */
export const teamsMax = 1_000
export const teamSizeMax = 1_000

export type Teams = readonly (readonly Rating[])[]

/** A finished game: `ranks[i]` is the place of `teams[i]`, lower is better, and equal ranks are a draw. */
export interface Game {
  readonly teams: Teams
  readonly ranks: readonly number[]
  readonly atMs?: number
}

/** The result of a team against one other, read from their ranks: 1, 0.5 or 0. */
export function scoreBetween(rank: number, otherRank: number): number {
  if (rank === otherRank) return 0.5
  return rank < otherRank ? 1 : 0
}

/** Throws a RangeError that names the place, so that nothing a caller hands in can turn a stored rating into NaN. */
export function assertGame({ teams, ranks, atMs }: Game): void {
  assertTeams(teams)
  if (ranks.length !== teams.length) {
    throw new RangeError(`ranks: ${ranks.length} given for ${teams.length} teams; each team needs one`)
  }
  ranks.forEach((rank, at) => {
    if (!Number.isFinite(rank)) throw new RangeError(`ranks[${at}]: ${rank} is not a number to rank by`)
  })
  if (atMs !== undefined && !Number.isFinite(atMs)) throw new RangeError(`atMs: ${atMs} is not a time`)
}

export function assertTeams(teams: Teams): void {
  if (teams.length < 2) throw new RangeError(`teams: ${teams.length} given; a game needs at least two`)
  if (teams.length > teamsMax) throw new RangeError(`teams: ${teams.length} given; at most ${teamsMax} can be rated`)
  teams.forEach((team, at) => {
    if (team.length === 0) throw new RangeError(`teams[${at}]: has no players`)
    if (team.length > teamSizeMax) throw new RangeError(`teams[${at}]: has more than ${teamSizeMax} players`)
    team.forEach((rating, seat) => {
      assertRating(rating, `teams[${at}][${seat}]`)
    })
  })
}

function assertRating({ value, deviation, volatility }: Rating, place: string): void {
  if (!(Math.abs(value) <= ratingValueMax)) {
    throw new RangeError(`${place}: ${value} is no rating; it must lie within ±${ratingValueMax}`)
  }
  if (deviation !== undefined && !(deviation >= 0 && deviation <= ratingDeviationMax)) {
    throw new RangeError(`${place}: ${deviation} is no deviation; it must lie from 0 to ${ratingDeviationMax}`)
  }
  if (volatility !== undefined && !(volatility >= 0 && volatility <= ratingVolatilityMax)) {
    throw new RangeError(`${place}: ${volatility} is no volatility; it must lie from 0 to ${ratingVolatilityMax}`)
  }
}
