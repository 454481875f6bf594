import type { Contract } from '@muster/protocol'
import { type Role, roles, useless, verdictOf } from '../security/roles.ts'
import { pathOf, routeRows } from '../security/route-rows.ts'
import type { Draws } from '../support/draws.ts'
import { everyContract, lineOf } from '../support/every-contract.ts'
import { type Person, password, type Side, type World } from '../support/peopled-world.ts'
import type { Sent } from './line.ts'
import { broken, brokenText, fitting, hostileTexts, type Json } from './values.ts'

export interface Attempt extends Sent {
  contract: Contract
  /** It may wait by design, so it is hung up on. */
  waits: boolean
}

const contentTypes = [
  ...[
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'text/plain',
    'application/xml',
    'application/problem+json',
  ],
  ...[
    'application/json;',
    'application/json\t',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    '',
  ],
]
const strangeMethods = ['HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE']
/** Hashing a password, and going through every table, takes a hundred times what other calls do. */
const costly = /^(POST \/auth\/(register|login|upgrade|password)|DELETE \/players\/me|GET \/players\/me\/export)$/

const asPlayer = ({ access_token: token }: Pick<Person, 'access_token'>, body: object): Partial<Sent> => ({
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** A game that has just begun to wait for friends: those of the world itself end early, and whoever has a part in it plays
 *  already. Without id and passcode where there is no room for one. */
async function hosted({ call, guest }: World) {
  const host = await guest()
  const { body } = await call('POST /games', { token: host.access_token, body: { mode: 'strangers' } })
  return { host, id: body.game_id, passcode: body.passcode }
}

/** What goes well only on something, or by somebody, made for the occasion. */
const onOccasion: Readonly<Record<string, (world: World, draws: Draws) => Promise<Partial<Sent>>>> = {
  async 'DELETE /keys/:id'({ call, keys }) {
    const { secret: token } = keys.operator
    const made = await call('POST /keys', { token, body: { name: 'for a while', scopes: ['server'] } })
    return { path: `/keys/${made.body.id}`, headers: { authorization: `Bearer ${token}` } }
  },
  'POST /games': async ({ guest }) => asPlayer(await guest(), { mode: 'strangers' }),
  async 'POST /games/join'(world) {
    const { passcode } = await hosted(world)
    return asPlayer(await world.guest(), { passcode })
  },
  async 'POST /games/:id/kick'(world) {
    const { host, id, passcode } = await hosted(world)
    const friend = await world.guest()
    await world.call('POST /games/join', { token: friend.access_token, body: { passcode } })
    return { path: `/games/${id}/kick`, ...asPlayer(host, { player_id: friend.user_id }) }
  },
  async 'POST /auth/password'({ call }, draws) {
    const username = `leaver.${draws.below(2 ** 40).toString(36)}`
    const made = await call('POST /auth/register', { body: { username, password } })
    const words = { current_password: password, new_password: `another ${password}` }
    return asPlayer({ access_token: String(made.body.access_token) }, words)
  },
}

/** Draws one request: a call, somebody who makes it, somebody's things, and what is wrong with it. */
export function drawRequest(world: World, draws: Draws): Attempt | Promise<Attempt> {
  let contract = draws.pick(everyContract)
  if (costly.test(lineOf(contract)) && draws.percent(80)) contract = draws.pick(everyContract)
  const occasion = onOccasion[lineOf(contract)]
  if (occasion !== undefined && draws.percent(20)) {
    const { method, path } = contract
    const plain = { contract, method, path, headers: {}, body: undefined, waits: false }
    return occasion(world, draws).then((sent) => ({ ...plain, ...sent }))
  }
  const row = routeRows[lineOf(contract)] ?? {}
  const side = world[draws.pick(['left', 'right'] as const)]
  const headers: Record<string, string> = {}
  const body = bodyFor(contract, world, side, draws)
  if (body !== undefined) headers['content-type'] = draws.percent(95) ? 'application/json' : draws.pick(contentTypes)
  strangeHeaders(contract, headers, draws)
  const path = pathFor(contract, world, side, draws)
  const method = draws.percent(97) ? contract.method : draws.pick(strangeMethods)
  const attempt: Attempt = {
    ...{ contract, method, path, headers, body },
    waits: /wait_s/.test(path) || /wait_s/.test(body ?? ''),
  }
  // Who is refused at the door finds nothing behind it.
  const mayPass = roles.filter(
    (one) => verdictOf(one, contract, row, side === world.left ? 'left' : 'right') === 'passes',
  )
  const role: Partial<Role> & Pick<Role, 'token'> = draws.percent(60)
    ? draws.pick(mayPass)
    : draws.percent(80)
      ? draws.pick(roles)
      : draws.pick(useless)
  // With another method it could be the end of the only operator, who makes each world.
  if (role.is?.includes('player') && role.is.includes('operator')) attempt.method = contract.method
  const token = draws.percent(97) ? role.token(world, row) : draws.pick(hostileTexts)
  const as = (text: string | undefined): Attempt => {
    if (text !== undefined) headers.authorization = `${draws.percent(98) ? 'Bearer ' : ''}${text}`
    return attempt
  }
  return token instanceof Promise ? token.then(as) : as(token)
}

function bodyFor(contract: Contract, world: World, side: Side, draws: Draws): string | undefined {
  if (contract.body === undefined) return draws.percent(95) ? undefined : JSON.stringify(draws.pick(hostileTexts))
  if (draws.percent(4)) return undefined
  const good = routeRows[lineOf(contract)]?.body?.(world, side) as Json | undefined
  let body = good !== undefined && draws.percent(50) ? good : fitting(contract.body, draws, idsOf(world))
  for (let times = draws.pick([0, 0, 1, 1, 2, 4]); times > 0; times--) body = broken(body, draws)
  const text = JSON.stringify(body)
  return draws.percent(6) ? brokenText(text, draws) : text
}

function pathFor(contract: Contract, world: World, side: Side, draws: Draws): string {
  const row = routeRows[lineOf(contract)] ?? {}
  let path = pathOf(contract.path, row, world, side)
  if (contract.path.includes(':') && draws.percent(30)) {
    path = contract.path.replace(/:\w+/g, () =>
      spelled(draws.percent(50) ? draws.pick(idsOf(world)) : draws.pick(hostileTexts), draws),
    )
  }
  if (draws.percent(2)) path = spelled(path.slice(0, draws.below(path.length)) + draws.pick(hostileTexts), draws)
  if (contract.query !== undefined && draws.percent(60))
    path = `${path.split('?')[0]}${queryFor(contract, world, draws)}`
  return path.startsWith('/') ? path : `/${path}`
}

/** As it belongs into an address, mostly. */
const spelled = (text: string, draws: Draws): string => {
  const usual = encodeURIComponent(text.replace(/[\ud800-\udfff]/g, ''))
  return draws.percent(90) ? usual : usual.replaceAll('%2F', '/').replaceAll('%00', '%zz').replaceAll('%27', "'")
}

function queryFor(contract: Contract, world: World, draws: Draws): string {
  let query = fitting(contract.query, draws, idsOf(world))
  if (draws.percent(40)) query = broken(query, draws)
  if (typeof query !== 'object' || query === null) return `?${spelled(String(query), draws)}`
  const words = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).slice(0, 20).map((one) => {
      const text = typeof one === 'string' ? one : JSON.stringify(one)
      // A long poll would hold its line for nothing.
      const shown = name === 'wait_s' && Number(text) > 0.2 ? '0.05' : text
      return `${spelled(name, draws)}=${spelled(shown, draws)}`
    }),
  )
  return `?${words.join('&')}`
}

function strangeHeaders(contract: Contract, headers: Record<string, string>, draws: Draws): void {
  const printable = () =>
    draws
      .pick(hostileTexts)
      .replace(/[^\x20-\x7e]/g, '?')
      .slice(0, 200)
  if (contract.creates && draws.percent(30))
    headers['idempotency-key'] = draws.percent(80) ? `key-${draws.below(50)}` : printable()
  if (contract.headers !== undefined && draws.percent(40)) {
    headers[draws.pick(['if-match', 'if-none-match'])] = draws.pick(['*', '"1"', '"2"', printable()])
  }
  if (draws.percent(3))
    headers[draws.pick(['range', 'expect', 'x-forwarded-for', 'origin', 'cookie', 'accept', 'te'])] = printable()
}

const idsByWorld = new WeakMap<World, readonly string[]>()

/** What can be named in a world. */
function idsOf(world: World): readonly string[] {
  const ids = idsByWorld.get(world) ?? namedIn(world)
  idsByWorld.set(world, ids)
  return ids
}

const namedIn = ({ left, right, keys }: World): string[] =>
  [left, right]
    .flatMap(({ server, session, match, game, passcode, seated, offered }) => [
      ...[server, session, match, game, passcode],
      ...[...seated, ...offered].map(({ user_id }) => user_id),
    ])
    .concat(keys.revoked.id)
