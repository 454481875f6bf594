import type { Rating, RatingSystem } from '../../modules/results/ratings/index.ts'
import { createPredictions, type PredictionSummary } from './predictions.ts'
import type { PlayedGame } from './results/index.ts'

export interface Player {
  readonly name: string
  rating: Rating
  /** Games in which this player's side alone came first. */
  won: number
  /** Games in which it shared the first place. */
  drawn: number
  lost: number
}

export interface Folded {
  readonly games: number
  /** The best first. */
  readonly players: readonly Player[]
  readonly predictions: PredictionSummary
}

/** Rates games one after the other, in the order in which they come, predicting each before its result is looked at. */
export function createFold(system: RatingSystem) {
  const players = new Map<string, Player>()
  const predictions = createPredictions()
  let games = 0

  function playerOf(name: string): Player {
    const known = players.get(name)
    if (known !== undefined) return known
    const newcomer = { name, rating: system.initial(), won: 0, drawn: 0, lost: 0 }
    players.set(name, newcomer)
    return newcomer
  }

  return {
    add({ teams, ranks, atMs }: PlayedGame): void {
      const sides = teams.map((names) => names.map(playerOf))
      const before = sides.map((side) => side.map(({ rating }) => rating))
      predictions.add(system.predict(before, atMs), ranks)
      const after = system.rate({ teams: before, ranks, atMs })
      const best = Math.min(...ranks)
      const shared = ranks.filter((rank) => rank === best).length > 1
      sides.forEach((side, at) => {
        const outcome = ranks[at] !== best ? 'lost' : shared ? 'drawn' : 'won'
        side.forEach((player, seat) => {
          player.rating = after[at]![seat]!
          player[outcome]++
        })
      })
      games++
    },

    games: () => games,

    folded(): Folded {
      const ranked = [...players.values()].map((player) => ({ player, standing: system.standing(player.rating) }))
      ranked.sort((a, b) => b.standing - a.standing || (a.player.name < b.player.name ? -1 : 1))
      return { games, players: ranked.map(({ player }) => player), predictions: predictions.summary() }
    },
  }
}
