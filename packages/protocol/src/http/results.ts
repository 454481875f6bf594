import Type, { type Static } from 'typebox'
import { contract } from '../contract.ts'
import { Closed, NameOf, PlayerIdSchema, SessionIdSchema, Time } from '../ids.ts'
import { DeviationPoints, RatingPoints } from './profiles.ts'
import { SessionResult } from './sessions.ts'

const tag = 'results'
const Board = NameOf(64)
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Rows a page; 20 unless told' }))
const Cursor = (pattern: string) =>
  Type.Optional(Type.String({ maxLength: 128, pattern, description: 'The `next` of the page before' }))

export const AcceptedResult = Closed({
  session_id: SessionIdSchema,
  mode: Type.String(),
  board: Type.Union([Type.String(), Type.Null()]),
  at: Time,
  ...SessionResult.properties,
  changes: Type.Array(Closed({ player_id: PlayerIdSchema, before: RatingPoints, after: RatingPoints }), {
    description: 'How ratings moved',
  }),
})
export type AcceptedResult = Static<typeof AcceptedResult>

export const listResults = contract({
  method: 'GET',
  path: '/results',
  summary: 'Accepted results, newest first',
  tag,
  who: ['player', 'server', 'service', 'operator'],
  query: Closed({
    player: Type.Optional(PlayerIdSchema),
    session: Type.Optional(SessionIdSchema),
    board: Type.Optional(Board),
    limit: Limit,
    after: Cursor('^[0-9]{1,15}$'),
  }),
  answers: { 200: Closed({ results: Type.Array(AcceptedResult), next: Type.Union([Type.String(), Type.Null()]) }) },
  refusals: [],
})

export const BoardRow = Closed({
  place: Type.Integer({ description: 'Equal ratings share a place' }),
  player_id: PlayerIdSchema,
  nick: Type.String(),
  rating: RatingPoints,
  deviation: Type.Optional(DeviationPoints),
  games: Type.Integer(),
  won: Type.Integer(),
  drawn: Type.Integer(),
  lost: Type.Integer(),
})
export type BoardRow = Static<typeof BoardRow>

export const readLeaderboard = contract({
  method: 'GET',
  path: '/leaderboards/:board',
  summary: 'A leaderboard by pages, or the rows around one player',
  tag,
  who: ['anyone'],
  params: Closed({ board: Board }),
  query: Closed({
    limit: Limit,
    after: Cursor('^-?[0-9]{1,21}(\\.[0-9]{1,20})?(e-?[0-9]{1,2})?,player_[0-9a-z]{1,64}$'),
    around: Type.Optional(
      Type.String({ pattern: '^(me|player_[0-9a-z]{1,64})$', description: '`me` (needs a token) or a player id' }),
    ),
  }),
  answers: {
    200: Closed({
      board: Type.String(),
      system: Type.String(),
      players: Type.Integer(),
      rows: Type.Array(BoardRow),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  refusals: ['BOARD_NOT_FOUND', 'PLAYER_NOT_FOUND', 'UNAUTHENTICATED'],
})
