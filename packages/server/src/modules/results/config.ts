import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'
import { RatingOptions } from './ratings/index.ts'

/** A leaderboard: the ratings of one game, by one system. */
export const boardOptions = Closed({
  rating: RatingOptions,
  gamesMin: Type.Integer({ default: 1, minimum: 0, description: 'Rated games before a player is listed' }),
})
export type BoardOptions = Static<typeof boardOptions>

export const resultsOptions = Closed({
  refoldBatchMax: Type.Integer({
    default: 1_000,
    minimum: 1,
    description: 'Results read at a time when ratings are refolded',
  }),
})
export type ResultsOptions = Static<typeof resultsOptions>
