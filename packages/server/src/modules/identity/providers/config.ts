import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { errorsOf, problemOf } from '../../../platform/option-problems.ts'
import { isSafeAddress } from '../../../platform/outbound.ts'

const Text = (description: string, maxLength = 256) => Type.String({ minLength: 1, maxLength, description })
const timeoutMs = Type.Integer({
  default: 5_000,
  minimum: 100,
  maximum: 20_000,
  description: 'Longest wait for an answer of the provider',
})
const callsMax = Type.Integer({
  default: 64,
  minimum: 1,
  maximum: 1_000,
  description: 'Calls to the provider at once; beyond, callers are told to come back',
})

/** None that a public key could be mistaken for the secret of. */
const algorithm = Type.Union([
  ...([Type.Literal('RS256'), Type.Literal('RS384'), Type.Literal('RS512')] as const),
  ...([Type.Literal('PS256'), Type.Literal('PS384'), Type.Literal('PS512')] as const),
  ...([Type.Literal('ES256'), Type.Literal('ES384'), Type.Literal('ES512')] as const),
  ...([Type.Literal('EdDSA'), Type.Literal('Ed25519')] as const),
])

/** Any provider that speaks OpenID Connect. */
export const oidcOptions = Closed({
  kind: Type.Literal('oidc'),
  issuer: Text('Its address, as its ID tokens have it (`iss`); http only on loopback', 512),
  clientId: Text('The game, as the provider knows it (`aud`)'),
  clientSecretFile: Type.Optional(Text('File with the client secret, where codes are exchanged with one', 4_096)),
  clientAuthentication: Type.Union([Type.Literal('basic'), Type.Literal('post')], {
    default: 'basic',
    description: 'How the client secret is sent: in a header, or in the body',
  }),
  hosts: Type.Array(Type.String({ pattern: '^[A-Za-z0-9.-]{1,253}(?::\\d{1,5})?$', form: 'a host, or host:port' }), {
    default: [],
    maxItems: 16,
    description: 'Hosts beside the issuer’s own that its metadata may send Muster to',
  }),
  authorizedParties: Type.Array(Text('Another client of the same game'), {
    default: [],
    maxItems: 16,
    description: 'Other clients of the same game, that tokens may also be for, or have been asked for by (`azp`)',
  }),
  algorithms: Type.Array(algorithm, {
    default: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
    minItems: 1,
    description: 'Signatures that are accepted',
  }),
  nonce: Type.Union([Type.Literal('optional'), Type.Literal('required')], {
    default: 'optional',
    description: 'Whether every ID token must hold a nonce that the client can name',
  }),
  tokenAgeMaxS: Type.Integer({
    default: 3_600,
    minimum: 30,
    maximum: 86_400,
    description: 'ID tokens that were issued longer ago are refused, even before they expire',
  }),
  nickClaims: Type.Array(Text('A claim', 64), {
    default: ['preferred_username', 'nickname'],
    maxItems: 8,
    description: 'Claims that a new player’s nick is taken from, the first that will do',
  }),
  keysKeptS: Type.Integer({
    default: 3_600,
    minimum: 60,
    maximum: 86_400,
    description: 'How long the provider’s keys are believed while it cannot be asked for them again',
  }),
  keysRestS: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 600,
    description: 'Least time between one asking for the provider’s keys and the next',
  }),
  timeoutMs,
  callsMax,
})
export type OidcOptions = Static<typeof oidcOptions>

/** Steam, by the tickets that its client hands to games. */
export const steamOptions = Closed({
  kind: Type.Literal('steam'),
  appId: Type.Integer({ minimum: 1, maximum: 4_294_967_295, description: 'The game, as Steam knows it' }),
  keyFile: Text('File with the publisher’s Web API key', 4_096),
  identity: Type.Optional(
    Text('What the game names in GetAuthTicketForWebApi; tickets that were made for others are then refused', 128),
  ),
  apiUrl: Type.String({
    default: 'https://partner.steam-api.com',
    maxLength: 512,
    description: 'Where the Web API answers; http only on loopback',
  }),
  familySharing: Type.Boolean({ default: true, description: 'Let in who plays a copy that somebody else owns' }),
  allowVacBanned: Type.Boolean({ default: false, description: 'Let in who has a VAC ban for the game' }),
  allowPublisherBanned: Type.Boolean({ default: false, description: 'Let in whom the publisher banned on Steam' }),
  timeoutMs,
  callsMax,
})
export type SteamOptions = Static<typeof steamOptions>

export type ProviderOptions = OidcOptions | SteamOptions
const kinds = { oidc: oidcOptions, steam: steamOptions }

const name = '^[A-Za-z0-9._-]{1,64}$'

export const providersOptions = Type.Record(Type.String({ pattern: name }), Type.Union([oidcOptions, steamOptions]), {
  default: {},
  maxProperties: 32,
})
export type ProvidersOptions = Static<typeof providersOptions>

/** Fills in what a provider's options leave out. A union's complaints say little, so each kind is read by its own
 *  schema. Throws a RangeError that names each option that does not fit. */
export function completeProviderOptions(given: unknown): ProviderOptions {
  const { kind } = (given ?? {}) as { kind?: unknown }
  if (kind !== 'oidc' && kind !== 'steam') throw new RangeError('kind: must be oidc or steam')
  const schema = kinds[kind]
  const complete = Value.Default(schema, Value.Clone(given)) as ProviderOptions
  const errors = errorsOf(schema, complete)
  const complaints = errors.flatMap((error) => {
    const { additionalProperties, requiredProperties } = error.params as Record<string, string[] | undefined>
    const names = requiredProperties ?? additionalProperties
    if (names !== undefined) return `${names.join(', ')}: ${error.message}`
    const told = problemOf(error, errors, schema, complete, given)
    return told === null ? [] : `${told.place.join('.')}: ${told.words}`
  })
  if (complaints.length > 0) throw new RangeError(complaints.join('; '))
  const [option, address] = complete.kind === 'oidc' ? ['issuer', complete.issuer] : ['apiUrl', complete.apiUrl]
  if (complete.kind === 'oidc') {
    const strange = complete.hosts.find((host) => !URL.canParse(`https://${host}`))
    if (strange !== undefined) throw new RangeError(`hosts: ${strange} is no host`)
  }
  if (!URL.canParse(address) || !isSafeAddress(new URL(address)) || /[?#]/.test(address)) {
    throw new RangeError(`${option}: must be an https address without a query (http on loopback), but is ${address}`)
  }
  return complete
}
