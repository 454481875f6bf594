import type { Standing } from './fold.ts'
import type { RatingSystem } from './ratings/index.ts'

/** Two digits are what a person reads; what is stored keeps them all. */
export const shown = (rating: number): number => Math.round(rating * 100) / 100

/** A standing as it is told, all of it in points. The scale of a board that there is no more is not known, and so neither
 *  is its deviation. */
export function standingText({ standing, rating, won, drawn, lost }: Standing, system: RatingSystem | null) {
  const spread = system?.spread(rating) ?? null
  return {
    rating: shown(standing),
    ...(spread === null ? {} : { deviation: shown(spread) }),
    ...{ games: rating.games, won, drawn, lost },
  }
}
