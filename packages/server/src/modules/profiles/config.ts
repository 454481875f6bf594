import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'

export const profilesOptions = Closed({
  objectsMax: Type.Integer({ default: 100, minimum: 0, description: 'Most objects that a player may store' }),
  objectBytesMax: Type.Integer({
    default: 16_384,
    minimum: 1,
    maximum: 1_048_576,
    description: 'Largest stored object, as JSON',
  }),
  guestsKeptDays: Type.Number({
    default: 0,
    minimum: 0,
    description: 'Guests nobody has played as for so long are erased; with 0, none are',
  }),
  eraseAgainS: Type.Integer({
    default: 60,
    minimum: 1,
    maximum: 86_400,
    description: 'How long after an erasure it is done once more, for what a request under way at that moment wrote',
  }),
  sweepEveryS: Type.Integer({ default: 60, minimum: 1, maximum: 3_600, description: 'How often that is looked for' }),
  sweepBatchMax: Type.Integer({ default: 100, minimum: 1, description: 'Players erased in one sweep' }),
})
export type ProfilesOptions = Static<typeof profilesOptions>
