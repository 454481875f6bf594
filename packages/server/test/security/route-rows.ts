import { type Side, type World, password as worldPassword } from '../support/peopled-world.ts'

/** What a call names that belongs to somebody: in its path, or where `body` puts it. */
export type Thing = 'server' | 'session' | 'match' | 'key' | 'game'

/** What the matrix needs to know of a call beyond its contract. A call without a row fails the matrix. */
export interface RouteRow {
  thing?: Thing
  /** Who plays the part of the player on a side; those in play unless told. */
  players?: 'seated' | 'offered' | 'hosts'
  /** Named, but shown to everybody who may call. */
  shown?: boolean
  /** A good body, with every field that there is. */
  body?(world: World, side: Side): unknown
  query?(world: World, side: Side): string
  /** Refused by this code, where the thing is another's and its id is no secret. */
  otherwise?: string
  /** It ends its caller, so everybody in it is somebody made for it. */
  endsCaller?: boolean
  /** It ends the thing, so it is called last. */
  endsThing?: boolean
}

const password = 'another phrase that nobody guesses'
const labels = { map: 'tower', 'build/id': '7' }

/** By method and path. */
export const routeRows: Readonly<Record<string, RouteRow>> = {
  'POST /auth/register': { body: () => ({ username: `new.${counted()}`, password, nick: 'Newcomer' }) },
  'POST /mms': { body: ({ left: { username } }) => ({ type: 'Login', username, password: worldPassword }) },
  'POST /auth/login': { body: ({ left: { username } }) => ({ username, password: worldPassword }) },
  'POST /auth/guest': { body: () => ({ username: 'rook' }) },
  'POST /auth/upgrade': { body: () => ({ username: `upgraded.${counted()}`, password }), endsCaller: true },
  'POST /auth/refresh': { body: ({ right }) => ({ refresh_token: right.offered[1].refresh_token }) },
  'POST /auth/logout': { body: () => ({ refresh_token: 'none' }) },
  'POST /auth/logout-all': { endsCaller: true },
  'POST /auth/password': { body: () => ({ current_password: 'wrong', new_password: password }), endsCaller: true },
  // No provider is configured in this world: who gets past the door hears that there is none.
  'POST /auth/providers/:provider': { body: () => ({ token: 'abcd', nonce: 'once' }) },
  'POST /auth/link/:provider': { body: () => ({ token: 'abcd', nonce: 'once' }) },
  'DELETE /auth/link/:provider': {},
  'GET /auth/links': {},
  'GET /.well-known/jwks.json': {},
  'POST /keys': { body: () => ({ name: 'made', scopes: ['server'], expires_in_s: 3_600 }) },
  'GET /keys': {},
  'DELETE /keys/:id': { thing: 'key', endsThing: true },

  'GET /players/me': {},
  'PATCH /players/me': { body: () => ({ nick: 'Renamed' }) },
  'DELETE /players/me': { endsCaller: true },
  'GET /players/me/export': {},
  'GET /players/:id': { shown: true },
  'GET /players/me/storage/:collection': {},
  'GET /players/me/storage/:collection/:key': {},
  'PUT /players/me/storage/:collection/:key': { body: () => ({ cards: [1, { deep: true }] }) },
  'DELETE /players/me/storage/:collection/:key': {},

  'GET /queues': {},
  'POST /matchmaking/entries': {
    body: () => ({ queues: ['left'], latencies_ms: { eu: 20 }, attributes: { deck: 'red' }, role: 'tank' }),
  },
  'GET /matchmaking/entries/me': {},
  'DELETE /matchmaking/entries/me': {},
  'POST /matchmaking/matches/:id/accept': { thing: 'match', players: 'offered' },
  'POST /matchmaking/matches/:id/decline': { thing: 'match', players: 'offered', endsThing: true },

  'POST /servers': {
    thing: 'server',
    body: (_, { server }) => ({
      ...{ id: server, name: 'Again', address: '127.0.0.1', ports: { game: 7_777 }, capacity: 64 },
      ...{ region: 'eu', modes: ['none'], maps: [1], labels },
    }),
    otherwise: 'SERVER_ID_TAKEN',
    endsThing: true,
  },
  'POST /servers/:id/heartbeat': {
    thing: 'server',
    body: (_, { session, seated: [{ user_id }] }) => ({
      ...{ current_players: 2, load: 0.5, wait_s: 0 },
      sessions: [{ session_id: session, players: [user_id] }],
    }),
  },
  'DELETE /servers/:id': { thing: 'server', endsThing: true },
  'POST /servers/:id/drain': { thing: 'server', endsThing: true },
  'GET /servers': { query: () => '?mode=left&limit=10&label=map=tower' },
  'GET /servers/:id': { thing: 'server' },

  'POST /sessions/:id/ready': { thing: 'session', body: () => ({ port: 7_777 }) },
  'POST /sessions/:id/started': { thing: 'session', body: () => ({ settings: { map: 'tower' } }) },
  'POST /sessions/:id/players': {
    thing: 'session',
    body: (_, { seated }) => ({ joined: [seated[0].user_id], left: [], seq: 1 }),
  },
  'POST /sessions/:id/result': {
    thing: 'session',
    body: (_, { seated: [ann, bob] }) => ({
      teams: [
        { players: [ann.user_id], rank: 1, score: 3 },
        { players: [bob.user_id], rank: 2, score: 1 },
      ],
      stats: { [ann.user_id]: { kills: 3 } },
      duration_s: 60,
    }),
    endsThing: true,
  },
  'POST /sessions/:id/abandoned': { thing: 'session', body: () => ({ reason: 'over' }), endsThing: true },
  'GET /sessions/:id': { thing: 'session' },
  'POST /sessions/:id/ticket': { thing: 'session' },
  'POST /sessions/:id/leave': { thing: 'session', endsThing: true },

  'POST /games': { body: () => ({ mode: 'nosuchmode', settings: { map: 'cave' }, max_players: 2, wait_s: 0 }) },
  'POST /games/join': { body: (_, { passcode }) => ({ passcode }) },
  'GET /games/me': { players: 'hosts' },
  'DELETE /games/me': { players: 'hosts', endsThing: true },
  'PATCH /games/:id': { thing: 'game', players: 'hosts', body: () => ({ door: 'open' }) },
  'POST /games/:id/kick': {
    ...{ thing: 'game', players: 'hosts' },
    body: (_, { hosts }) => ({ player_id: hosts[1].user_id }),
  },
  'DELETE /games/:id': { thing: 'game', players: 'hosts', endsThing: true },
  'GET /join/:passcode': {},

  'GET /results': { shown: true, query: (_, { seated }) => `?player=${seated[0].user_id}&limit=5` },
  'GET /leaderboards/:board': { shown: true },
}

let count = 0
const counted = () => ++count

/** The path of a call that names what is on this side. */
export function pathOf(path: string, row: RouteRow, world: World, side: Side): string {
  const ids: Record<Thing, string> = {
    server: side.server,
    session: side.session,
    match: side.match,
    key: world.keys.revoked.id,
    game: side.game,
  }
  const id = row.thing === undefined ? side.seated[0].user_id : ids[row.thing]
  const filled = path
    .replace(':id', id)
    .replace(':passcode', side.passcode)
    .replace(':board', side === world.left ? 'left' : 'right')
    .replace(':provider', 'acme')
    .replace(':collection', 'decks')
    .replace(':key', 'first')
  return filled + (row.query?.(world, side) ?? '')
}
