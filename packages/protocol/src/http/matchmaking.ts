import Type, { type Static } from 'typebox'
import { contract } from '../contract.ts'
import {
  Closed,
  EntryIdSchema,
  Figure,
  MatchIdSchema,
  NameOf,
  PathId,
  PlayerIdSchema,
  SessionIdSchema,
  Time,
} from '../ids.ts'

const tag = 'matchmaking'
const QueueName = NameOf(64)

export const QueueState = Closed({
  name: Type.String(),
  modes: Type.Array(Type.String()),
  teams: Type.Integer(),
  team_size: Type.Integer(),
  players_waiting: Type.Integer(),
  estimate_s: Type.Union([Type.Number(), Type.Null()], { description: 'Median wait of late; null while unknown' }),
  accept_timeout_s: Type.Union([Type.Number(), Type.Null()], { description: 'null where matches need no accepting' }),
  board: Type.Union([Type.String(), Type.Null()]),
})

/** What the players of a confirmed match are told: enough to find the server and each other. */
export const Match = Closed({
  match_id: MatchIdSchema,
  session_id: SessionIdSchema,
  mode: Type.String(),
  address: Type.String({ description: '`host:port`' }),
  host: Type.String(),
  port: Type.Integer(),
  transport: Type.String(),
  factions: Type.Array(Type.Array(PlayerIdSchema)),
  nicknames: Type.Record(Type.String(), Type.String()),
  region: Type.Union([Type.String(), Type.Null()]),
})
export type Match = Static<typeof Match>

export const MatchOffer = Closed({
  match_id: MatchIdSchema,
  queue: Type.String(),
  mode: Type.String(),
  players: Type.Integer(),
  accepted: Type.Integer(),
  you_accepted: Type.Boolean(),
  expires_at: Type.Union([Time, Type.Null()], { description: 'null where matches need no accepting' }),
})
export type MatchOffer = Static<typeof MatchOffer>

export const Why = Closed({
  queue: Type.String(),
  reason: Type.String({
    description:
      'An UPPER_SNAKE word: TOO_FEW_PLAYERS, NO_RATING_NEAR, OTHERS_TOO_NARROW, PARTIES_DO_NOT_FIT, ABOUT_TO_MATCH; or, where the last match got no server, why: NO_SERVER, SERVER_NOT_READY, SERVER_FAILED',
  }),
  detail: Type.String(),
  window: Type.Union([Closed({ low: Type.Number(), high: Type.Number() }), Type.Null()], {
    description:
      'The strengths that may be matched with, in points, around the own: with OpenSkill that is the rating and three deviations. null where no ratings count',
  }),
  candidates: Type.Integer({ description: 'Others inside this window right now' }),
  widens_at: Type.Union([Time, Type.Null()], {
    description: 'When the window widens next, or the next match is tried; null where neither is to come',
  }),
})

export const Ticket = Type.String({ description: 'HS256 JWT under a key that only the server has' })

export const Entry = Closed({
  entry_id: EntryIdSchema,
  status: Type.Union(
    [
      Type.Literal('searching'),
      Type.Literal('match_found'),
      Type.Literal('match_confirmed'),
      Type.Literal('cancelled'),
    ],
    {
      description:
        '`match_found` with an `offer` waits for its players to accept; without one a server is being found or started for them. `match_confirmed` comes with `match` and `ticket`',
    },
  ),
  queues: Type.Array(Type.String()),
  estimate_s: Type.Union([Type.Number(), Type.Null()]),
  created_at: Time,
  waiting_since: Time,
  reason: Type.Optional(Type.String({ description: 'Why the entry was cancelled, or came back to its queue' })),
  revision: Type.String({ description: 'Names this state of the entry: send it back as `after` when polling again' }),
  offer: Type.Optional(MatchOffer),
  match: Type.Optional(
    Type.Union([Match, Closed({ match_id: MatchIdSchema })], { description: 'Its id alone in `match_found`' }),
  ),
  ticket: Type.Optional(Ticket),
  connect_token: Type.Optional(Type.String()),
  why: Type.Optional(Type.Array(Why)),
})
export type Entry = Static<typeof Entry>

export const listQueues = contract({
  method: 'GET',
  path: '/queues',
  summary: 'Each queue: modes, sizes, players waiting, estimated wait',
  tag,
  who: ['anyone'],
  answers: { 200: Closed({ queues: Type.Array(QueueState) }) },
  refusals: [],
})

export const createEntry = contract({
  method: 'POST',
  path: '/matchmaking/entries',
  summary: 'Wait in one queue or several',
  tag,
  who: ['player'],
  body: Closed({
    queues: Type.Array(QueueName, { minItems: 1, maxItems: 8, uniqueItems: true }),
    latencies_ms: Type.Optional(
      Type.Record(NameOf(32), Type.Number({ minimum: 0, maximum: 10_000 }), {
        maxProperties: 32,
      }),
    ),
    attributes: Type.Optional(
      Type.Record(NameOf(32), Type.Union([Type.String({ maxLength: 64 }), Figure(), Type.Boolean()]), {
        maxProperties: 16,
      }),
    ),
    role: Type.Optional(NameOf(32)),
  }),
  answers: { 201: Entry },
  refusals: ['QUEUE_NOT_FOUND', 'ALREADY_SEARCHING', 'ALREADY_PLAYING', 'GUESTS_NOT_ALLOWED', 'PAUSED', 'BUSY'],
  creates: true,
})

export const readEntry = contract({
  method: 'GET',
  path: '/matchmaking/entries/me',
  summary: 'Own entry; with wait_s, answers when it changes or the wait is over',
  tag,
  who: ['player'],
  query: Closed({
    wait_s: Type.Optional(
      Type.Number({ minimum: 0, maximum: 60, description: 'Longest wait for a change; without it, answers at once' }),
    ),
    after: Type.Optional(
      Type.String({
        maxLength: 128,
        description: 'The `revision` of the last answer: another one is answered at once, the same one waits',
      }),
    ),
  }),
  answers: { 200: Entry },
  refusals: ['ENTRY_NOT_FOUND'],
})

export const deleteEntry = contract({
  method: 'DELETE',
  path: '/matchmaking/entries/me',
  summary:
    'Stop waiting; while a match waits for an answer, this declines it; until its server is ready, it gives the place up',
  tag,
  who: ['player'],
  answers: { 204: null },
  refusals: ['ENTRY_NOT_FOUND', 'ALREADY_PLAYING'],
})

const Answered = Closed({
  status: Type.Union([Type.Literal('match_found'), Type.Literal('match_confirmed'), Type.Literal('cancelled')]),
})

export const acceptMatch = contract({
  method: 'POST',
  path: '/matchmaking/matches/:id/accept',
  summary: 'Accept a found match; may be repeated',
  tag,
  who: ['player'],
  params: PathId(MatchIdSchema),
  answers: { 200: Answered },
  refusals: ['MATCH_NOT_FOUND', 'MATCH_EXPIRED'],
})

export const declineMatch = contract({
  method: 'POST',
  path: '/matchmaking/matches/:id/decline',
  summary: 'Decline a found match and leave the queue; the others return to its front',
  tag,
  who: ['player'],
  params: PathId(MatchIdSchema),
  answers: { 200: Answered },
  refusals: ['MATCH_NOT_FOUND', 'MATCH_EXPIRED'],
})
