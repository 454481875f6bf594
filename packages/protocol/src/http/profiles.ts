import Type, { type Static } from 'typebox'
import { contract } from '../contract.ts'
import { Closed, NameOf, PathId, PlayerIdSchema, Time } from '../ids.ts'
import { Nick } from './identity.ts'

const tag = 'profiles'

export const OwnProfile = Closed({
  id: PlayerIdSchema,
  nick: Type.String(),
  guest: Type.Boolean(),
  username: Type.Union([Type.String(), Type.Null()]),
  created_at: Time,
})
export type OwnProfile = Static<typeof OwnProfile>

/** Ratings of every system are told on one scale, that of the windows in which matchmaking pairs. */
export const RatingPoints = Type.Number({
  description:
    'What the board sorts by, in points: 400 points are odds of ten to one. With OpenSkill three deviations below the strength that matchmaking pairs by, in which a newcomer has 1500; with the other systems that strength itself',
})
export const DeviationPoints = Type.Number({
  description: 'How unsure the strength is: one standard deviation, in points. Elo has none',
})

export const Standing = Closed({
  board: Type.String(),
  rating: RatingPoints,
  deviation: Type.Optional(DeviationPoints),
  games: Type.Integer(),
  won: Type.Integer(),
  drawn: Type.Integer(),
  lost: Type.Integer(),
})

export const PublicProfile = Closed({
  id: PlayerIdSchema,
  nick: Type.String(),
  guest: Type.Boolean(),
  created_at: Time,
  ratings: Type.Array(Standing),
  stats: Type.Record(Type.String(), Type.Number(), { description: 'Sums of what servers counted for this player' }),
})
export type PublicProfile = Static<typeof PublicProfile>

export const readOwnProfile = contract({
  method: 'GET',
  path: '/players/me',
  summary: 'Own profile',
  tag,
  who: ['player'],
  answers: { 200: OwnProfile },
  refusals: [],
})

export const changeOwnProfile = contract({
  method: 'PATCH',
  path: '/players/me',
  summary: 'Change own profile',
  tag,
  who: ['player'],
  body: Type.Object({ nick: Type.Optional(Nick) }, { additionalProperties: false, minProperties: 1 }),
  answers: { 200: OwnProfile },
  refusals: [],
})

export const eraseSelf = contract({
  method: 'DELETE',
  path: '/players/me',
  summary: 'Erase the caller: account, logins, stored data and name go; results stay under a nameless id',
  tag,
  who: ['player'],
  answers: { 204: null },
  refusals: [],
})

export const exportSelf = contract({
  method: 'GET',
  path: '/players/me/export',
  summary: 'Everything kept of the caller, as one JSON document',
  tag,
  who: ['player'],
  answers: {
    200: Type.Object(
      { format: Type.Literal('muster.player/1'), exported_at: Time, player: OwnProfile },
      { additionalProperties: true },
    ),
  },
  refusals: [],
})

export const readProfile = contract({
  method: 'GET',
  path: '/players/:id',
  summary: 'Public profile with ratings and stats',
  tag,
  who: ['player', 'server', 'service', 'operator'],
  params: PathId(PlayerIdSchema),
  answers: { 200: PublicProfile },
  refusals: ['PLAYER_NOT_FOUND'],
})

const Slug = NameOf(64)
const At = Closed({ collection: Slug, key: Slug })
const StoredObject = Closed({
  collection: Type.String(),
  key: Type.String(),
  value: Type.Unknown(),
  version: Type.String(),
  updated_at: Time,
})

export const listStored = contract({
  method: 'GET',
  path: '/players/me/storage/:collection',
  summary: 'Keys and versions stored in a collection',
  tag,
  who: ['player'],
  params: Closed({ collection: Slug }),
  answers: {
    200: Closed({ objects: Type.Array(Closed({ key: Type.String(), version: Type.String(), updated_at: Time })) }),
  },
  refusals: [],
})

export const readStored = contract({
  method: 'GET',
  path: '/players/me/storage/:collection/:key',
  summary: 'A stored object; its version is in `ETag`',
  tag,
  who: ['player'],
  params: At,
  answers: { 200: StoredObject },
  refusals: ['OBJECT_NOT_FOUND'],
})

const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      pattern: '^(\\*|"[!#-~]{0,126}")$',
      description: '`*` or a quoted version, as `ETag` gave it',
    }),
  ),
  'if-none-match': Type.Optional(Type.Literal('*')),
})

export const writeStored = contract({
  method: 'PUT',
  path: '/players/me/storage/:collection/:key',
  summary: 'Store any JSON value; `If-Match` writes over one version only, `If-None-Match: *` only where there is none',
  tag,
  who: ['player'],
  params: At,
  headers: IfMatch,
  body: Type.Unknown({
    description:
      'Any JSON value. Its numbers are kept as doubles: whole numbers beyond 2^53 lose their last digits, so store those as text',
  }),
  answers: { 200: StoredObject, 201: StoredObject },
  refusals: ['VERSION_CONFLICT', 'STORAGE_FULL'],
})

export const deleteStored = contract({
  method: 'DELETE',
  path: '/players/me/storage/:collection/:key',
  summary: 'Delete a stored object',
  tag,
  who: ['player'],
  params: At,
  headers: IfMatch,
  answers: { 204: null },
  refusals: ['OBJECT_NOT_FOUND', 'VERSION_CONFLICT'],
})
