import Type, { type Static, type TSchema } from 'typebox'
import { contract } from '../contract.ts'
import { Closed, Figure, NameOf, PathId, PlayerIdSchema, SessionIdSchema, Time } from '../ids.ts'
import { Ticket } from './matchmaking.ts'

const tag = 'sessions'
const Players = Type.Array(PlayerIdSchema, { maxItems: 1_000, uniqueItems: true })

export const SessionStateSchema = Type.Union([
  Type.Literal('requested'),
  Type.Literal('preparing'),
  Type.Literal('loading'),
  Type.Literal('in_progress'),
  Type.Literal('completed'),
  Type.Literal('abandoned'),
  Type.Literal('cancelled'),
])
export type SessionState = Static<typeof SessionStateSchema>

const ChosenSettings = Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), {
  description: 'What is played with, as the server sent it when play began',
})

export const Session = Closed({
  id: SessionIdSchema,
  kind: Type.String(),
  mode: Type.String(),
  state: SessionStateSchema,
  reason: Type.Union([Type.String(), Type.Null()], {
    description:
      'Why it was cancelled or abandoned: no_server, server_not_ready, server_failed (before it was ready), server_lost, nobody_came, too_few_came, not_started, host_left, empty, overtime, or what the server itself said',
  }),
  detail: Type.Union([Type.String(), Type.Null()], { description: 'More of the reason, in words' }),
  match_id: Type.Union([Type.String(), Type.Null()]),
  players: Type.Array(
    Closed({
      player_id: PlayerIdSchema,
      nick: Type.String(),
      team: Type.Integer(),
      state: Type.String({ description: 'expected, joined, left or absent' }),
    }),
  ),
  region: Type.Union([Type.String(), Type.Null()]),
  created_at: Time,
  started_at: Type.Union([Time, Type.Null()]),
  ended_at: Type.Union([Time, Type.Null()]),
  settings: Type.Optional(ChosenSettings),
  server_id: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'For operators and services' })),
  late_reports: Type.Optional(
    Type.Array(Closed({ kind: Type.String(), body: Type.Unknown(), at: Time }), {
      description: 'For operators and services: what the server said after the end; it changed nothing',
    }),
  ),
})
export type Session = Static<typeof Session>

const Acknowledged = Closed({ state: SessionStateSchema })
/** A body that may be left out altogether. */
const OrNothing = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const reported = { tag, who: ['report'], params: PathId(SessionIdSchema), answers: { 200: Acknowledged } } as const

export const reportReady = contract({
  ...reported,
  method: 'POST',
  path: '/sessions/:id/ready',
  summary: 'The server can take this session’s players',
  body: OrNothing(Closed({ port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })) })),
  refusals: ['SESSION_NOT_FOUND', 'SESSION_ENDED', 'SESSION_STATE'],
})

export const reportStarted = contract({
  ...reported,
  method: 'POST',
  path: '/sessions/:id/started',
  summary: 'Play has begun',
  body: OrNothing(Closed({ settings: Type.Optional(ChosenSettings) })),
  refusals: ['SESSION_NOT_FOUND', 'SESSION_ENDED', 'SESSION_STATE'],
})

export const reportPlayers = contract({
  ...reported,
  answers: {
    200: Closed({
      state: SessionStateSchema,
      kick: Type.Optional(
        Type.Array(PlayerIdSchema, {
          description: 'Who gave up or was removed, and is on the server as far as it said: to be dropped',
        }),
      ),
    }),
  },
  method: 'POST',
  path: '/sessions/:id/players',
  summary: 'Who came and who went since the last report',
  body: Closed({
    joined: Type.Optional(Players),
    left: Type.Optional(Players),
    seq: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Counts the reports of this session: one that comes after a newer one changes nothing',
      }),
    ),
  }),
  refusals: ['SESSION_NOT_FOUND', 'SESSION_ENDED', 'SESSION_STATE'],
})

export const SessionResult = Closed(
  {
    teams: Type.Array(
      Closed({
        players: Type.Array(PlayerIdSchema, { minItems: 1, maxItems: 100, uniqueItems: true }),
        rank: Type.Integer({ minimum: 1, maximum: 1_000, description: 'Equal ranks are a draw' }),
        score: Type.Optional(Figure()),
      }),
      { minItems: 1, maxItems: 200 },
    ),
    stats: Type.Optional(
      Type.Record(Type.String({ maxLength: 80 }), Type.Record(NameOf(64), Figure(), { maxProperties: 64 }), {
        maxProperties: 1_000,
        description: 'By player id: numbers that are summed up over sessions',
      }),
    ),
    duration_s: Type.Optional(Figure({ minimum: 0 })),
  },
  'What happened: each team with its place',
)
export type SessionResult = Static<typeof SessionResult>

export const reportResult = contract({
  ...reported,
  method: 'POST',
  path: '/sessions/:id/result',
  summary: 'What happened; accepted once, and the session is over',
  body: SessionResult,
  refusals: ['SESSION_NOT_FOUND', 'SESSION_ENDED', 'SESSION_STATE', 'INVALID_RESULT', 'RESULT_CONFLICT'],
})

export const reportAbandoned = contract({
  ...reported,
  method: 'POST',
  path: '/sessions/:id/abandoned',
  summary: 'The session ended without a result; nobody’s rating moves',
  body: Closed({ reason: Type.String({ minLength: 1, maxLength: 200 }) }),
  refusals: ['SESSION_NOT_FOUND', 'SESSION_ENDED'],
})

export const readSession = contract({
  method: 'GET',
  path: '/sessions/:id',
  summary: 'A session, for those who play in it and for operators',
  tag,
  who: ['player', 'service', 'operator'],
  params: PathId(SessionIdSchema),
  answers: { 200: Session },
  refusals: ['SESSION_NOT_FOUND'],
})

/** Where the mode's transport is `netcode`. */
export const ConnectToken = Type.Optional(
  Type.String({ description: 'A netcode connect token, base64, where the transport is netcode', maxLength: 4_096 }),
)

export const Admission = Closed({
  ticket: Ticket,
  connect_token: ConnectToken,
  expires_at: Time,
  session_id: SessionIdSchema,
  address: Type.String(),
  host: Type.String(),
  port: Type.Integer(),
  transport: Type.String(),
})
export type Admission = Static<typeof Admission>

export const createTicket = contract({
  method: 'POST',
  path: '/sessions/:id/ticket',
  summary: 'A fresh ticket, to come in late or back after a dropped line',
  tag,
  who: ['player'],
  params: PathId(SessionIdSchema),
  answers: { 201: Admission },
  refusals: ['SESSION_NOT_FOUND', 'SESSION_ENDED', 'SESSION_STATE', 'SESSION_FULL', 'BUSY'],
})

export const leaveSession = contract({
  method: 'POST',
  path: '/sessions/:id/leave',
  summary: 'Give up the own place in a session; a ranked result still counts',
  tag,
  who: ['player'],
  params: PathId(SessionIdSchema),
  answers: { 204: null },
  refusals: ['SESSION_NOT_FOUND', 'SESSION_ENDED'],
})
