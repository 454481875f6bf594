import Type, { type Static } from 'typebox'
import { contract } from '../contract.ts'
import { Closed, NameOf, PathId, PlayerIdSchema, ServerIdSchema, SessionIdSchema, Time } from '../ids.ts'

const tag = 'servers'
const Name = NameOf(64)
/** Any text that prints. */
const printing = '^[^\\p{C}]*$'
const Labels = Type.Record(
  Type.String({
    pattern: '^[A-Za-z0-9._/-]{1,64}$',
    description: 'Letters, digits, dots, dashes, underscores and slashes, at most 64',
  }),
  Type.String({ maxLength: 128, pattern: printing }),
  { maxProperties: 32, additionalProperties: false },
)
const MapId = Type.Integer({ minimum: 0, maximum: 2_147_483_647 })
const LabelFilter = Type.String({
  pattern: '^[A-Za-z0-9._/-]{1,64}=[^\\p{C}]{0,128}$',
  description: '`name=value`; given several times, all must fit',
})
const Gone = Type.Optional(
  Type.Boolean({ description: 'Also servers that went and are still remembered, with the reason' }),
)

/** What a server is told of a session that is its to run. */
export const Assignment = Closed({
  session_id: SessionIdSchema,
  report_token: Type.String(),
  mode: Type.String(),
  max_players: Type.Integer(),
  match: Type.Unknown({ description: 'The match: id, factions, nicknames, settings' }),
})
export type Assignment = Static<typeof Assignment>

export const Kick = Closed({
  session_id: SessionIdSchema,
  player_id: Type.Optional(PlayerIdSchema),
  reason: Type.String(),
})
export type Kick = Static<typeof Kick>

export const ServerState = Type.Union([
  Type.Literal('starting'),
  Type.Literal('ready'),
  Type.Literal('allocated'),
  Type.Literal('draining'),
  Type.Literal('gone'),
])

export const Server = Closed({
  id: ServerIdSchema,
  name: Type.String(),
  state: ServerState,
  launched: Type.Boolean(),
  address: Type.String(),
  ports: Type.Record(Type.String(), Type.Integer()),
  capacity: Type.Integer(),
  reserved: Type.Integer({ description: 'Slots claimed by sessions' }),
  current_players: Type.Integer(),
  load: Type.Number(),
  region: Type.Union([Type.String(), Type.Null()]),
  modes: Type.Array(Type.String()),
  maps: Type.Array(Type.Integer()),
  labels: Labels,
  registered_at: Time,
  last_beat_at: Time,
  gone: Type.Optional(
    Closed(
      { cause: Type.String(), says: Type.String(), detail: Type.Union([Type.String(), Type.Null()]) },
      'Why it went; only shown where servers that went are asked for',
    ),
  ),
})
export type Server = Static<typeof Server>

export const registerServer = contract({
  method: 'POST',
  path: '/servers',
  summary: 'A game server registers itself; the same key may register the same id again',
  tag,
  who: ['server'],
  body: Closed({
    id: ServerIdSchema,
    name: Type.String({ minLength: 1, maxLength: 64, pattern: printing }),
    address: Type.String({
      ...{ minLength: 1, maxLength: 253, pattern: '^[A-Za-z0-9.:_-]+$' },
      description: 'A host name or an IP address, without a port',
    }),
    ports: Type.Record(Name, Type.Integer({ minimum: 1, maximum: 65_535 }), {
      minProperties: 1,
      maxProperties: 8,
      additionalProperties: false,
      description: 'By purpose; players are sent to `game`, or to the only one',
    }),
    capacity: Type.Integer({ minimum: 1, maximum: 100_000 }),
    region: Type.Optional(Name),
    modes: Type.Optional(Type.Array(Name, { maxItems: 32, uniqueItems: true })),
    maps: Type.Optional(Type.Array(MapId, { maxItems: 256, uniqueItems: true })),
    labels: Type.Optional(Labels),
  }),
  answers: {
    201: Closed({
      id: ServerIdSchema,
      unknown_modes: Type.Optional(
        Type.Array(Type.String(), {
          description: 'Modes it offers that Muster is not configured for: nothing of them comes',
        }),
      ),
      heartbeat_interval_s: Type.Number(),
      ttl_s: Type.Number(),
      ticket_key: Type.String({ pattern: '^[0-9a-f]{64}$', description: '32 bytes in hex: what tickets verify with' }),
    }),
  },
  refusals: ['SERVER_ID_TAKEN'],
  creates: true,
})

export const heartbeat = contract({
  method: 'POST',
  path: '/servers/:id/heartbeat',
  summary: 'A server says it lives, and is told what to do; with wait_s the answer waits for something to do',
  tag,
  who: ['server'],
  params: PathId(ServerIdSchema),
  body: Closed({
    current_players: Type.Integer({ minimum: 0, maximum: 100_000 }),
    load: Type.Number({ minimum: 0, maximum: 1_000_000 }),
    sessions: Type.Optional(
      Type.Array(Closed({ session_id: SessionIdSchema, players: Type.Array(PlayerIdSchema, { maxItems: 1_000 }) }), {
        maxItems: 256,
      }),
    ),
    wait_s: Type.Optional(Type.Number({ minimum: 0, maximum: 30 })),
  }),
  answers: { 200: Closed({ assign: Type.Array(Assignment), kick: Type.Array(Kick), drain: Type.Boolean() }) },
  refusals: ['SERVER_NOT_FOUND'],
})

export const removeServer = contract({
  method: 'DELETE',
  path: '/servers/:id',
  summary: 'A server leaves; sessions it still ran are abandoned',
  tag,
  who: ['server', 'operator'],
  params: PathId(ServerIdSchema),
  answers: { 204: null },
  refusals: ['SERVER_NOT_FOUND'],
})

export const drainServer = contract({
  method: 'POST',
  path: '/servers/:id/drain',
  summary: 'Give this server no new sessions; it leaves when its last has ended',
  tag,
  who: ['server', 'operator'],
  params: PathId(ServerIdSchema),
  answers: { 204: null },
  refusals: ['SERVER_NOT_FOUND'],
})

export const listServers = contract({
  method: 'GET',
  path: '/servers',
  summary: 'Live servers, in order of their ids',
  tag,
  who: ['service', 'operator'],
  query: Closed({
    map: Type.Optional(MapId),
    mode: Type.Optional(Name),
    region: Type.Optional(Name),
    label: Type.Optional(Type.Union([LabelFilter, Type.Array(LabelFilter, { maxItems: 16 })])),
    gone: Gone,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    after: Type.Optional(ServerIdSchema),
  }),
  answers: { 200: Closed({ servers: Type.Array(Server), next: Type.Union([ServerIdSchema, Type.Null()]) }) },
  refusals: [],
})

export const readServer = contract({
  method: 'GET',
  path: '/servers/:id',
  summary: 'One live server, with the last lines it printed if Muster launched it',
  tag,
  who: ['service', 'operator'],
  params: PathId(ServerIdSchema),
  query: Closed({ gone: Gone }),
  answers: { 200: Closed({ ...Server.properties, output: Type.Optional(Type.Array(Type.String())) }) },
  refusals: ['SERVER_NOT_FOUND'],
})
