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
})
export type ProfilesOptions = Static<typeof profilesOptions>
