import Type, { type Static } from 'typebox'
import { Match, MatchOffer } from '../http/matchmaking.ts'
import { Closed, EntryIdSchema, MatchIdSchema, NameOf, PlayerIdSchema } from '../ids.ts'

/** Every frame on `/ws`. A request may carry `id`; its answer carries the same. A push carries `seq`: the number to come
 *  back with (`resume_after`) after a dropped line. */
export const ClientFrame = Closed({
  event: Type.String({ maxLength: 64 }),
  data: Type.Optional(Type.Unknown()),
  id: Type.Optional(
    Type.Union([
      Type.String({ maxLength: 64 }),
      Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
    ]),
  ),
})
export type ClientFrame = Static<typeof ClientFrame>

export interface ServerFrame {
  event: string
  data: unknown
  id?: string | number
  seq?: number
}

export const Authenticate = Closed({
  token: Type.String({ maxLength: 4_096 }),
  resume_after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
})

/** Client → server. */
export const clientMessages = {
  authenticate: Authenticate,
  ping: Type.Optional(Type.Unknown()),
  queue_join: Closed({
    queues: Type.Array(NameOf(64), {
      minItems: 1,
      maxItems: 8,
      uniqueItems: true,
    }),
  }),
  queue_leave: Type.Optional(Closed({})),
  match_accept: Closed({ match_id: MatchIdSchema }),
  match_decline: Closed({ match_id: MatchIdSchema }),
} as const

const Requeued = Type.Boolean({ description: 'True where the entry went back to the front of its queue' })

/** Server → client. */
export const serverMessages = {
  welcome: Closed({
    message: Type.String(),
    player_id: PlayerIdSchema,
    nick: Type.String(),
    seq: Type.Integer({ description: 'The newest push there is; where replay was asked for, those after follow' }),
    missed: Type.Boolean({ description: 'True where pushes after resume_after are kept no longer: read state anew' }),
    heartbeat_s: Type.Number(),
  }),
  pong: Closed({}),
  reauthenticate: Closed({
    within_s: Type.Number({ description: 'By then send `authenticate` with a fresh token, or the socket is closed' }),
  }),
  match_found: MatchOffer,
  match_confirmed: Closed({
    match: Match,
    ticket: Type.String(),
    connect_token: Type.Optional(Type.String()),
  }),
  match_cancelled: Closed({
    match_id: Type.Union([MatchIdSchema, Type.Null()]),
    entry_id: EntryIdSchema,
    reason: Type.String(),
    requeued: Requeued,
  }),
  match_completed: Closed({
    match_id: Type.Union([MatchIdSchema, Type.Null()]),
    session_id: Type.String(),
    state: Type.String(),
  }),
  kicked: Closed({ reason: Type.String() }),
  error: Closed({
    code: Type.String(),
    message: Type.String(),
    retry_after_s: Type.Optional(Type.Number({ description: 'When it is worth trying again' })),
  }),
} as const

export type ClientMessages = { [E in keyof typeof clientMessages]: Static<(typeof clientMessages)[E]> }
export type ServerMessages = { [E in keyof typeof serverMessages]: Static<(typeof serverMessages)[E]> }

/** Close codes of `/ws`. 1008 is what the world's seed document names for a bad token. */
export const closeCodes = {
  policy: 1008,
  tooBig: 1009,
  goingAway: 1001,
  tryLater: 1013,
  replaced: 4409,
  loggedOut: 4401,
  slow: 4408,
  rate: 4429,
} as const
