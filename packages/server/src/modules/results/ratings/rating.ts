import Type, { type Static } from 'typebox'

/** Beyond these, doubles lose whole points and squares overflow, so such ratings are refused rather than rated badly. */
export const ratingValueMax = 1e9
export const ratingDeviationMax = 1e6
export const ratingVolatilityMax = 10

/**
 * What is kept of one player under one rating system: plain enough for a row of columns or for JSON.
 *
 * Numbers are stored at full precision and rounded only where a person reads them. Rounding what is stored would leak
 * points game by game, and would make a fold of the same results depend on how often it was interrupted.
 */
export const Rating = Type.Object(
  {
    value: Type.Number({
      minimum: -ratingValueMax,
      maximum: ratingValueMax,
      description: "The system's own main number: Elo or Glicko-2 rating, or OpenSkill's mu.",
    }),
    deviation: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: ratingDeviationMax,
        description: 'How unsure the value is, one standard deviation: Glicko-2 RD, or OpenSkill sigma. Elo has none.',
      }),
    ),
    volatility: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: ratingVolatilityMax,
        description: 'How erratic the results have been. Only Glicko-2 has one.',
      }),
    ),
    games: Type.Integer({ minimum: 0, description: 'Rated games played.' }),
    lastAtMs: Type.Optional(
      Type.Number({ description: 'When the last rated game was played, in milliseconds since the epoch.' }),
    ),
  },
  { additionalProperties: false },
)
export type Rating = Static<typeof Rating>

/** What a game adds to any rating, whatever the system: one more game, and its time if it is known. */
export function playedOnce(before: Rating, atMs: number | undefined): Pick<Rating, 'games' | 'lastAtMs'> {
  const games = before.games + 1
  if (atMs === undefined) return before.lastAtMs === undefined ? { games } : { games, lastAtMs: before.lastAtMs }
  return { games, lastAtMs: Math.max(atMs, before.lastAtMs ?? atMs) }
}
