import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'
import { nameOption } from '../../platform/options.ts'

export const dialectsOptions = Closed({
  matchServersAllowed: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
    default: [],
    description:
      'Where match servers may be that offer themselves at /mms: `host:port`, `host:from-to` or `10.0.0.0/8:7000-7999`; nowhere unless told',
  }),
  matchServerModes: Type.Optional(
    Type.Array(Type.String(nameOption(64)), {
      minItems: 1,
      uniqueItems: true,
      description: 'Modes whose matches such servers are given; all that take registered servers unless told',
    }),
  ),
  matchServerCapacity: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 1_000,
    description: 'Most players of a match on such a server',
  }),
  offersMax: Type.Integer({ default: 64, minimum: 1, maximum: 10_000, description: 'Offers of one API key at a time' }),
  offerLifeMaxS: Type.Integer({
    default: 86_400,
    minimum: 10,
    maximum: 2_592_000,
    description: 'How far ahead an offer may expire',
  }),
  probeEveryS: Type.Number({
    default: 5,
    minimum: 0.1,
    maximum: 600,
    description: 'How often it is tried whether an offered server can be reached; it is gone after fleet.ttlS without',
  }),
  probeTimeoutMs: Type.Integer({ default: 2_000, minimum: 50, maximum: 30_000, description: 'Longest such try' }),
  prepareTimeoutMs: Type.Integer({
    default: 5_000,
    minimum: 100,
    maximum: 30_000,
    description: 'Longest wait for the answer to one PrepareMatch',
  }),
  prepareRetryMs: Type.Integer({
    default: 1_000,
    minimum: 50,
    maximum: 30_000,
    description: 'How soon PrepareMatch is repeated to a server that did not answer',
  }),
  lookEveryMs: Type.Integer({
    default: 1_000,
    minimum: 50,
    maximum: 10_000,
    description: 'How often it is looked for matches to prepare and offers that are over',
  }),
  matchesKeptHours: Type.Number({
    default: 48,
    minimum: 1,
    maximum: 8_760,
    description: 'For how long MatchComplete of an ended match may be repeated',
  }),
})
export type DialectsOptions = Static<typeof dialectsOptions>
