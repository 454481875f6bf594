import Type, { type Static } from 'typebox'
import { contract } from '../contract.ts'
import { Closed, KeyIdSchema, PathId, PlayerIdSchema, Time } from '../ids.ts'

export const Username = Type.String({
  minLength: 3,
  maxLength: 32,
  pattern: '^[A-Za-z0-9._-]+$',
  description: 'letters, digits, dots, dashes and underscores',
})
/** Counted in characters (code points), never cut short, and compared in Unicode's normal form C. Passwords that are
 *  tried first everywhere are refused. */
export const Password = Type.String({ minLength: 8, maxLength: 256 })
export const Nick = Type.String({
  minLength: 1,
  maxLength: 32,
  pattern: '^[^\\p{C}\\s](?:[^\\p{C}]*[^\\p{C}\\s])?$',
  description: 'printable text without blanks at its ends',
})

export const Tokens = Closed(
  {
    access_token: Type.String(),
    refresh_token: Type.String(),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds until the access token ends' }),
    user_id: PlayerIdSchema,
  },
  'An access token (EdDSA JWT) and the refresh token that follows it',
)
export type Tokens = Static<typeof Tokens>

const Credentials = Closed({ username: Type.String({ maxLength: 256 }), password: Type.String({ maxLength: 256 }) })
const Refresh = Closed({ refresh_token: Type.String({ maxLength: 512 }) })
const tag = 'identity'

export const register = contract({
  method: 'POST',
  path: '/auth/register',
  summary: 'Make an account',
  tag,
  who: ['anyone'],
  body: Closed({ username: Username, password: Password, nick: Type.Optional(Nick) }),
  answers: { 201: Tokens },
  refusals: ['USERNAME_TAKEN', 'BUSY'],
  creates: true,
})

export const login = contract({
  method: 'POST',
  path: '/auth/login',
  summary: 'Sign in with a username and password',
  tag,
  who: ['anyone'],
  body: Credentials,
  answers: { 200: Tokens },
  refusals: ['INVALID_CREDENTIALS', 'FORBIDDEN', 'BUSY'],
})

export const guest = contract({
  method: 'POST',
  path: '/auth/guest',
  summary: 'Play without an account, under a nick that is made unique',
  tag,
  who: ['anyone'],
  body: Type.Union([Closed({ username: Type.Optional(Username) }), Type.Null()]),
  answers: { 201: Tokens },
  refusals: ['BUSY'],
  creates: true,
})

export const upgrade = contract({
  method: 'POST',
  path: '/auth/upgrade',
  summary: 'Turn a guest into an account; the user_id stays',
  tag,
  who: ['player'],
  body: Closed({ username: Username, password: Password }),
  answers: { 200: Tokens },
  refusals: ['USERNAME_TAKEN', 'NOT_A_GUEST', 'BUSY'],
})

export const refresh = contract({
  method: 'POST',
  path: '/auth/refresh',
  summary: 'A new pair of tokens; the spent refresh token ends its login if it comes again',
  tag,
  who: ['anyone'],
  body: Refresh,
  answers: { 200: Tokens },
  refusals: ['UNAUTHENTICATED', 'TOKEN_REUSED', 'BUSY'],
})

export const logout = contract({
  method: 'POST',
  path: '/auth/logout',
  summary: 'End the login that this refresh token belongs to',
  tag,
  who: ['anyone'],
  body: Refresh,
  answers: { 204: null },
  refusals: [],
})

export const logoutAll = contract({
  method: 'POST',
  path: '/auth/logout-all',
  summary: 'End every login of the caller',
  tag,
  who: ['player'],
  answers: { 204: null },
  refusals: [],
})

export const changePassword = contract({
  method: 'POST',
  path: '/auth/password',
  summary: 'Change the password; every other login ends',
  tag,
  who: ['player'],
  body: Closed({ current_password: Type.String({ maxLength: 256 }), new_password: Password }),
  answers: { 200: Tokens },
  refusals: ['INVALID_CREDENTIALS', 'GUESTS_NOT_ALLOWED', 'BUSY'],
})

export const jwks = contract({
  method: 'GET',
  path: '/.well-known/jwks.json',
  summary: 'The public keys that access tokens verify with',
  tag,
  who: ['anyone'],
  answers: {
    200: Closed({
      keys: Type.Array(
        Closed({
          kty: Type.Literal('OKP'),
          crv: Type.Literal('Ed25519'),
          x: Type.String(),
          kid: Type.String(),
          alg: Type.Literal('EdDSA'),
          use: Type.Literal('sig'),
        }),
      ),
    }),
  },
  refusals: [],
})

export const Scope = Type.Union([Type.Literal('server'), Type.Literal('service'), Type.Literal('operator')])
export type Scope = Static<typeof Scope>

const ApiKey = Closed({
  id: KeyIdSchema,
  name: Type.String(),
  scopes: Type.Array(Scope),
  created_at: Time,
  expires_at: Type.Union([Time, Type.Null()]),
  last_used_at: Type.Union([Time, Type.Null()]),
  revoked_at: Type.Union([Time, Type.Null()]),
})

/** Ten years. */
const keyLifeMaxS = 315_360_000
export const KeyLifeS = Type.Integer({ minimum: 60, maximum: keyLifeMaxS })

export const createKey = contract({
  method: 'POST',
  path: '/keys',
  summary: 'Make an API key; its secret is in this answer and nowhere else',
  tag,
  who: ['operator'],
  body: Closed({
    name: Type.String({ minLength: 1, maxLength: 64 }),
    scopes: Type.Array(Scope, { minItems: 1, maxItems: 3, uniqueItems: true }),
    expires_in_s: Type.Optional(KeyLifeS),
  }),
  answers: { 201: Closed({ ...ApiKey.properties, secret: Type.String() }) },
  refusals: [],
  creates: true,
})

export const listKeys = contract({
  method: 'GET',
  path: '/keys',
  summary: 'API keys, without their secrets',
  tag,
  who: ['operator'],
  answers: { 200: Closed({ keys: Type.Array(ApiKey) }) },
  refusals: [],
})

export const revokeKey = contract({
  method: 'DELETE',
  path: '/keys/:id',
  summary: 'Revoke an API key, everywhere within five seconds',
  tag,
  who: ['operator'],
  params: PathId(KeyIdSchema),
  answers: { 204: null },
  refusals: ['KEY_NOT_FOUND'],
})
