import Type, { type Static } from 'typebox'
import { contract } from '../contract.ts'
import { Closed, GameIdSchema, NameOf, PathId, PlayerIdSchema, SessionIdSchema, Time } from '../ids.ts'
import { Ticket } from './matchmaking.ts'
import { ConnectToken } from './sessions.ts'

const tag = 'games'
const Passcode = Type.String({
  minLength: 1,
  maxLength: 32,
  description: 'As it was shared; case, spaces and dashes do not matter',
})
const Door = Type.Union([Type.Literal('open'), Type.Literal('closed')], {
  description: 'Whether friends may still come in',
})

/** What a player of a private game needs to come in. */
export const Game = Closed({
  game_id: GameIdSchema,
  session_id: SessionIdSchema,
  mode: Type.String(),
  passcode: Type.String({ description: 'Whoever has it may join, until play begins or the door closes' }),
  invitation: Type.String({ description: 'The path of a link to share: it answers what a client needs to join' }),
  role: Type.String({ description: 'host or player' }),
  players_max: Type.Integer(),
  address: Type.String(),
  host: Type.String(),
  port: Type.Integer(),
  transport: Type.String(),
  ticket: Ticket,
  connect_token: ConnectToken,
  expires_at: Time,
})
export type Game = Static<typeof Game>

export const createGame = contract({
  method: 'POST',
  path: '/games',
  summary: 'Host a private game; answered once its server is ready',
  tag,
  who: ['player'],
  creates: true,
  body: Closed({
    mode: NameOf(64),
    settings: Type.Optional(
      Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), {
        description: 'Handed to the game server as it is',
        maxProperties: 64,
      }),
    ),
    max_players: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: 'At most what the mode allows, which it is unless told',
      }),
    ),
    region: Type.Optional(NameOf(64)),
    wait_s: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 60,
        description: 'How long to queue for a free server; it is refused at once unless told',
      }),
    ),
  }),
  answers: { 201: Game },
  refusals: [
    ...(['MODE_NOT_FOUND', 'GUESTS_NOT_ALLOWED', 'ALREADY_SEARCHING', 'ALREADY_PLAYING'] as const),
    ...(['NO_CAPACITY', 'GAME_NOT_FOUND', 'BUSY'] as const),
  ],
})

export const joinGame = contract({
  method: 'POST',
  path: '/games/join',
  summary: 'Join friends by their passcode; also to come back after a dropped line, while the game runs',
  tag,
  who: ['player'],
  body: Closed({ passcode: Passcode }),
  answers: { 200: Game },
  refusals: [
    ...(['GAME_NOT_FOUND', 'GAME_STARTED', 'GAME_FULL', 'GAME_CLOSED', 'KICKED', 'GUESTS_NOT_ALLOWED'] as const),
    ...(['ALREADY_SEARCHING', 'ALREADY_PLAYING', 'NO_CAPACITY', 'BUSY'] as const),
  ],
})

export const readOwnGame = contract({
  method: 'GET',
  path: '/games/me',
  summary: 'The private game that the player is in, with a fresh ticket',
  tag,
  who: ['player'],
  answers: { 200: Game },
  refusals: ['GAME_NOT_FOUND', 'NO_CAPACITY', 'BUSY'],
})

export const leaveGame = contract({
  method: 'DELETE',
  path: '/games/me',
  summary:
    'Leave the private game that the player is in, also while it waits for a server; where its host leaves before play has begun, it is over',
  tag,
  who: ['player'],
  answers: { 204: null },
  refusals: ['GAME_NOT_FOUND'],
})

export const changeGame = contract({
  method: 'PATCH',
  path: '/games/:id',
  summary: 'The host lets nobody in any more, or again',
  tag,
  who: ['player'],
  params: PathId(GameIdSchema),
  body: Closed({ door: Door }),
  answers: { 200: Closed({ game_id: GameIdSchema, door: Door }) },
  refusals: ['GAME_NOT_FOUND', 'GAME_STARTED'],
})

export const endGame = contract({
  method: 'DELETE',
  path: '/games/:id',
  summary: 'The host ends it, whoever plays',
  tag,
  who: ['player'],
  params: PathId(GameIdSchema),
  answers: { 204: null },
  refusals: ['GAME_NOT_FOUND'],
})

export const kickPlayer = contract({
  method: 'POST',
  path: '/games/:id/kick',
  summary: 'The host removes a player, who cannot come back',
  tag,
  who: ['player'],
  params: PathId(GameIdSchema),
  body: Closed({ player_id: PlayerIdSchema }),
  answers: { 204: null },
  refusals: ['GAME_NOT_FOUND', 'PLAYER_NOT_FOUND'],
})

export const readInvitation = contract({
  method: 'GET',
  path: '/join/:passcode',
  summary: 'What a client needs to know of an invitation, to join by POST /games/join',
  tag,
  who: ['anyone'],
  params: Closed({ passcode: Passcode }),
  answers: {
    200: Closed({
      passcode: Type.String(),
      mode: Type.String(),
      host: Type.Union([Type.String(), Type.Null()], { description: 'The host’s nick' }),
      players: Type.Integer(),
      players_max: Type.Integer(),
      open: Type.Boolean({ description: 'Whether somebody could join right now' }),
      guests: Type.Boolean({ description: 'Whether guests may join' }),
    }),
  },
  refusals: ['GAME_NOT_FOUND'],
})
