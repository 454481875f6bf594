import type { Game, Teams } from './game.ts'
import type { Rating } from './rating.ts'

export type RatingSystemName = 'elo' | 'glicko2' | 'openskill'

/**
 * One way of turning results into ratings. All of it is pure: the same ratings and the same game give the same answer,
 * so that a player's rating is a fold of the stored results and can be folded again when one of them is voided.
 */
export interface RatingSystem {
  readonly name: RatingSystemName

  /** A newcomer's rating. */
  initial(): Rating

  /** The ratings after a game, team by team and seat by seat as they were given. Throws RangeError on a broken game. */
  rate(game: Game): Rating[][]

  /** Each team's chance of coming first, before the game; they add up to 1. A draw counts as half a win to both. */
  predict(teams: Teams, atMs?: number): number[]

  /**
   * The best guess of a player's strength on the scale on which 400 points make a favourite of about ten to one,
   * whatever the system: matchmaking windows are set in these points.
   */
  points(rating: Rating): number

  /** How unsure `points` is: one standard deviation, in points. Null where the system keeps none. */
  spread(rating: Rating): number | null

  /** What a leaderboard sorts by, in points. It differs from `points` where the system has a cautious estimate of its own. */
  standing(rating: Rating): number
}
