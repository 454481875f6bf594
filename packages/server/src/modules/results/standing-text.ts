import { type Standing, shown } from './fold.ts'
import type { RatingSystem } from './ratings/index.ts'

/** A standing as it is told, all of it in points. The scale of a board that there is no more is not known, and so neither
 *  is its deviation. */
export function standingText({ standing, rating, won, drawn, lost }: Standing, system: RatingSystem | null) {
  const spread = system?.spread(rating) ?? null
  return {
    rating: standing,
    ...(spread === null ? {} : { deviation: shown(spread) }),
    ...{ games: rating.games, won, drawn, lost },
  }
}
