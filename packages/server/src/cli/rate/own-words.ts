import type { Rating, RatingSystemName } from '../../modules/results/ratings/index.ts'

/** What each system calls the fields of a rating, first the name its authors use; the others are understood too. */
export const fieldNames = {
  elo: { value: ['rating', 'value', 'elo'], deviation: [], volatility: [] },
  glicko2: { value: ['rating', 'value'], deviation: ['rd', 'deviation'], volatility: ['volatility', 'vol'] },
  openskill: { value: ['mu', 'value'], deviation: ['sigma', 'deviation'], volatility: [] },
} as const satisfies Record<RatingSystemName, Record<'value' | 'deviation' | 'volatility', readonly string[]>>

/** A rating in the system's own words: `{rating}`, `{rating, rd, volatility}` or `{mu, sigma}`. */
export function inOwnWords(system: RatingSystemName, rating: Rating): Record<string, number> {
  const names = fieldNames[system]
  const said: Record<string, number> = {}
  for (const field of ['value', 'deviation', 'volatility'] as const) {
    const name = names[field][0]
    const number = rating[field]
    if (name !== undefined && number !== undefined) said[name] = number
  }
  return said
}

export const systemTitles: Record<RatingSystemName, string> = {
  elo: 'Elo',
  glicko2: 'Glicko-2',
  openskill: 'OpenSkill (Plackett-Luce)',
}
