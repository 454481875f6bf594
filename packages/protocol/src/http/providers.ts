import Type, { type Static } from 'typebox'
import { contract } from '../contract.ts'
import { Closed, Time } from '../ids.ts'
import { Tokens } from './identity.ts'

const tag = 'identity'

const nonce = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 512,
    description: 'The nonce that the ID token holds; it must be said where the token holds one',
  }),
)

/** What a provider gave to the game client, for Muster to have judged. */
export const Proof = Type.Union([
  Closed(
    {
      token: Type.String({
        minLength: 1,
        maxLength: 16_384,
        description: 'an ID token, or a Steam ticket in hexadecimal digits',
      }),
      nonce,
    },
    'What the game client got from the provider',
  ),
  Closed(
    {
      code: Type.String({ minLength: 1, maxLength: 4_096, description: 'an authorization code' }),
      code_verifier: Type.String({
        pattern: '^[A-Za-z0-9._~-]{43,128}$',
        description: 'the PKCE verifier, 43 to 128 unreserved characters',
      }),
      redirect_uri: Type.String({
        minLength: 1,
        maxLength: 2_048,
        description: 'the address that the code was sent to, as the authorization request named it',
      }),
      nonce,
    },
    'An authorization code, which Muster exchanges for the ID token',
  ),
])
export type Proof = Static<typeof Proof>

/** Whatever stands here and names no provider is answered with 404. */
const params = Closed({
  provider: Type.String({ maxLength: 64, description: 'a provider, as the configuration names it' }),
})

const judging = ['PROVIDER_NOT_FOUND', 'INVALID_PROVIDER_TOKEN', 'FORBIDDEN', 'PROVIDER_UNAVAILABLE', 'BUSY'] as const

export const signInWithProvider = contract({
  method: 'POST',
  path: '/auth/providers/:provider',
  summary: 'Sign in with an outside provider; who comes for the first time becomes a player (201)',
  tag,
  who: ['anyone'],
  params,
  body: Proof,
  answers: { 200: Tokens, 201: Tokens },
  refusals: judging,
  creates: true,
})

export const link = contract({
  method: 'POST',
  path: '/auth/link/:provider',
  summary: 'Link an outside identity to the caller, as one more way to sign in; a guest is one no longer',
  tag,
  who: ['player'],
  params,
  body: Proof,
  answers: { 200: Tokens },
  refusals: [...judging, 'LINK_TAKEN', 'ALREADY_LINKED'],
})

export const unlink = contract({
  method: 'DELETE',
  path: '/auth/link/:provider',
  summary: 'Unlink an outside identity; every other login of the caller ends',
  tag,
  who: ['player'],
  params,
  answers: { 204: null },
  refusals: ['PROVIDER_NOT_FOUND', 'LINK_NOT_FOUND', 'LAST_WAY_IN'],
})

export const Links = Closed({
  password: Type.Boolean({ description: 'Whether a username and a password lead in too' }),
  links: Type.Array(Closed({ provider: Type.String(), linked_at: Time })),
})
export type Links = Static<typeof Links>

export const listLinks = contract({
  method: 'GET',
  path: '/auth/links',
  summary: 'The ways in which the caller can sign in',
  tag,
  who: ['player'],
  answers: { 200: Links },
  refusals: [],
})
