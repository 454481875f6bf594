import Type, { type Static, type TProperties } from 'typebox'
import { contract } from '../contract.ts'
import { Closed, MatchIdSchema, PlayerIdSchema, SessionIdSchema, Time } from '../ids.ts'
import { Nick, Password, Tokens, Username } from './identity.ts'
import { SessionResult } from './sessions.ts'

/** A dialect for clients and match servers that speak in messages of a `type`: one object in, one out. */
const tag = 'match server dialect'
const Name = Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' })

const Message = <const Name extends string, Properties extends TProperties>(
  type: Name,
  properties: Properties,
  description: string,
) => Closed({ type: Type.Literal(type), ...properties }, description)

export const MatchServerAddress = Type.String({
  pattern: '^(\\[[0-9A-Fa-f:.]{2,45}\\]|[A-Za-z0-9.-]{1,253}):[0-9]{1,5}$',
  description: '`host:port`: there the server takes PrepareMatch, and its players',
})
const Addresses = Type.Array(MatchServerAddress, { minItems: 1, maxItems: 16, uniqueItems: true })
const WhichMatch = { matchId: Type.Optional(MatchIdSchema) }

const Register = Message(
  'Register',
  {
    username: Username,
    password: Password,
    nick: Type.Optional(Nick),
    serverUser: Type.Optional(
      Type.String({ maxLength: 256, description: 'For a match server: an API key of scope server, from an operator' }),
    ),
  },
  'Make an account, of a player or of a match server',
)
const Login = Message(
  'Login',
  { username: Type.String({ maxLength: 256 }), password: Type.String({ maxLength: 256 }) },
  'Sign in',
)
const Logout = Message('Logout', {}, 'End the login that calls')
const LookForMatch = Message(
  'LookForMatch',
  { modes: Type.Array(Name, { minItems: 1, maxItems: 8, uniqueItems: true, description: 'Queues, or modes' }) },
  'Join the queue; said again, ask how it stands',
)
const AcceptMatch = Message('AcceptMatch', WhichMatch, 'Accept the match that was found; may be repeated')
const DeclineMatch = Message('DeclineMatch', WhichMatch, 'Decline the match that was found, and leave the queue')
const RevokeFromMatch = Message(
  'RevokeFromMatch',
  WhichMatch,
  'Leave the queue; with the `matchId` of a match that is being played, leave that, and keep the loss',
)
const OfferMatchServer = Message(
  'OfferMatchServer',
  {
    address: Addresses,
    expires: Time,
    modes: Type.Optional(Type.Array(Name, { minItems: 1, maxItems: 32, uniqueItems: true })),
    restarted: Type.Optional(
      Type.Boolean({ description: 'This server has just begun: what ran at these addresses before is lost' }),
    ),
  },
  'A match server is there for one match at a time, until it expires; said again, for longer',
)
const RevokeMatchServer = Message(
  'RevokeMatchServer',
  { address: Type.Optional(Addresses) },
  'Take offers back, all unless told which; a match that was prepared is still played',
)

/** What a match server says at the end of a match. */
export const MatchData = Closed({
  matchId: Type.Optional(MatchIdSchema),
  teams: Type.Optional(SessionResult.properties.teams),
  stats: SessionResult.properties.stats,
  duration_s: SessionResult.properties.duration_s,
  abandoned: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'There is no result, and why; then without `teams`' }),
  ),
})
export type MatchData = Static<typeof MatchData>
const MatchComplete = Message('MatchComplete', { MatchData }, 'What happened in a match; counts once')

const requests = [
  ...[Register, Login, Logout, LookForMatch, AcceptMatch, DeclineMatch, RevokeFromMatch],
  ...[OfferMatchServer, RevokeMatchServer, MatchComplete],
] as const
export type MatchServerRequest = Static<(typeof requests)[number]>

/** The players of a match, and where they play it. The three lists have one item a player, in one order. */
export const MatchConfig = Closed({
  type: Type.Literal('MatchConfig'),
  address: Type.String({ description: '`host:port`' }),
  matchId: MatchIdSchema,
  sessionId: SessionIdSchema,
  mode: Type.String(),
  region: Type.Union([Type.String(), Type.Null()]),
  transport: Type.String(),
  factions: Type.Array(Type.String({ description: 'The player’s team: "0", "1" …' })),
  nicknames: Type.Array(Type.String()),
  players: Type.Array(PlayerIdSchema),
  ticket: Type.Optional(Type.String({ description: 'What this client shows the match server at Authenticate' })),
})
export type MatchConfig = Static<typeof MatchConfig>

/** POSTed by Muster to the address that was offered. It may come again, with the same `matchId`. */
export const PrepareMatch = Closed({
  type: Type.Literal('PrepareMatch'),
  matchConfig: Closed({
    ...MatchConfig.properties,
    serverId: Type.String(),
    reportToken: Type.String({ description: 'Opens the reports of this session: POST /sessions/:id/…' }),
    ticketKey: Type.String({ description: 'What tickets of clients of other kinds verify with: 64 hex digits' }),
    loadingTimeoutS: Type.Number(),
    durationMaxS: Type.Number(),
  }),
  clientCookies: Type.Array(
    Closed({
      ticket: Type.String({ description: 'Whoever shows it at Authenticate is this player' }),
      playerId: PlayerIdSchema,
      nickname: Type.String(),
      faction: Type.String(),
    }),
  ),
})
export type PrepareMatch = Static<typeof PrepareMatch>

const Why = Type.Optional(Type.String({ description: 'Why the match before it came to nothing' }))
const LookingForMatch = Message('LookingForMatch', { reason: Why }, 'Still in the queue')
const MatchFound = Message(
  'MatchFound',
  {
    matchConfig: Type.Optional(MatchConfig),
    matchId: MatchIdSchema,
    players: Type.Integer(),
    accepted: Type.Integer(),
    youAccepted: Type.Boolean(),
    expires: Type.Union([Time, Type.Null()]),
  },
  'A match: without `matchConfig` it waits for AcceptMatch, or for its server; with it, play',
)
const MatchConfirmed = Message(
  'MatchConfirmed',
  { matchConfig: MatchConfig },
  'All have accepted, and the server waits',
)
const MatchCompleted = Message(
  'MatchComplete',
  {
    MatchData: Closed({
      ...MatchData.properties,
      changes: Type.Optional(
        Type.Array(Closed({ player_id: PlayerIdSchema, before: Type.Number(), after: Type.Number() }), {
          description: 'How ratings moved',
        }),
      ),
    }),
  },
  'The match is over, and its result counts',
)
export type MatchCompleted = Static<typeof MatchCompleted>

const answers = [
  Message('Registered', { ...Tokens.properties, serverUser: Type.Boolean() }, 'Signed in to a new account'),
  Message('LoggedIn', { ...Tokens.properties, serverUser: Type.Boolean() }, 'Signed in'),
  Message('LoggedOut', {}, 'The login has ended'),
  ...[LookingForMatch, MatchFound, MatchConfirmed],
  Message('MatchDeclined', {}, 'Out of the queue; the others are back at its front'),
  Message('RevokedFromMatch', {}, 'Out of the queue'),
  Message(
    'MatchServerOffered',
    {
      address: Type.Array(Type.String()),
      expires: Time,
      prepareKey: Type.String({ description: 'What PrepareMatch is signed with: 64 hex digits' }),
    },
    'These addresses will be sent PrepareMatch',
  ),
  Message('MatchServerRevoked', { address: Type.Array(Type.String()) }, 'No new match comes to these addresses'),
  MatchCompleted,
] as const
export type MatchServerAnswer = Static<(typeof answers)[number]>

export const exchangeMessages = contract({
  method: 'POST',
  path: '/mms',
  summary: 'One message of the match server dialect, and its answer',
  tag,
  who: ['anyone', 'player'],
  body: Type.Unsafe<MatchServerRequest>({
    type: 'object',
    required: ['type'],
    discriminator: { propertyName: 'type' },
    oneOf: [...requests],
  }),
  answers: { 200: Type.Union([...answers]) },
  refusals: [
    ...(['FORBIDDEN', 'INVALID_CREDENTIALS', 'USERNAME_TAKEN', 'BUSY'] as const),
    ...(['QUEUE_NOT_FOUND', 'ENTRY_NOT_FOUND', 'MATCH_NOT_FOUND', 'MATCH_EXPIRED'] as const),
    ...(['ALREADY_SEARCHING', 'ALREADY_PLAYING', 'GUESTS_NOT_ALLOWED', 'PAUSED'] as const),
    ...(['ADDRESS_NOT_ALLOWED', 'SERVER_ID_TAKEN', 'SERVER_NOT_FOUND', 'SERVERS_FULL'] as const),
    ...(['SESSION_STATE', 'SESSION_ENDED', 'INVALID_RESULT', 'RESULT_CONFLICT'] as const),
  ],
  creates: true,
  cookie: true,
  problemType: 'Error',
})
