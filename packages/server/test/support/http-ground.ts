import { EventEmitter, once } from 'node:events'
import { Closed, contract, PathId, Refusal, SessionIdSchema } from '@muster/protocol'
import type { InjectOptions } from 'fastify'
import Type from 'typebox'
import type { Idempotency } from '../../src/platform/http/idempotency.ts'
import { createLimits } from '../../src/platform/http/limits.ts'
import { type Caller, route } from '../../src/platform/http/route.ts'
import { createHttpServer, type HttpOptions } from '../../src/platform/http/server.ts'
import { idMint } from '../../src/platform/ids.ts'
import { createLog } from '../../src/platform/log.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import type { SoftState } from '../../src/platform/soft-state.ts'
import { memorySoftState } from '../../src/platform/soft-state-memory.ts'
import { simulatedClock } from './simulated-clock.ts'

const Item = Closed({
  word: Type.String({ minLength: 1, maxLength: 8 }),
  count: Type.Optional(Type.Integer({ minimum: 0 })),
  tags: Type.Optional(Type.Array(Type.String({ maxLength: 3 }), { maxItems: 2 })),
})
const ok = { tag: 'test', refusals: [] } as const
const contracts = {
  make: contract({
    ...ok,
    method: 'POST',
    path: '/items',
    summary: 'Make',
    who: ['anyone'],
    body: Item,
    answers: { 201: Item },
  }),
  list: contract({
    ...ok,
    ...{ method: 'GET', path: '/items', summary: 'List', who: ['player'] },
    query: Closed({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
      open: Type.Optional(Type.Boolean()),
    }),
    answers: { 200: Closed({ limit: Type.Optional(Type.Integer()), open: Type.Optional(Type.Boolean()) }) },
  }),
  rename: contract({
    ...ok,
    ...{ method: 'PATCH', path: '/items/:id', summary: 'Rename', who: ['report'] },
    params: PathId(SessionIdSchema),
    answers: { 204: null },
  }),
  latest: contract({
    ...ok,
    ...{ method: 'GET', path: '/items/latest', summary: 'The latest', who: ['anyone'] },
    answers: { 204: null },
  }),
  fail: contract({ ...ok, method: 'POST', path: '/fail', summary: 'Fail', who: ['operator'], answers: { 204: null } }),
  say: contract({
    ...ok,
    ...{ method: 'POST', path: '/say', summary: 'Say', who: ['anyone', 'player'], cookie: true, problemType: 'Error' },
    body: Type.Unsafe<{ type: 'Greet'; name: string } | { type: 'Leave' }>({
      type: 'object',
      required: ['type'],
      discriminator: { propertyName: 'type' },
      oneOf: [
        Closed({ type: Type.Literal('Greet'), name: Type.String({ maxLength: 5 }) }),
        Closed({ type: Type.Literal('Leave') }),
      ],
    }),
    answers: { 200: Closed({ caller: Type.String(), encrypted: Type.Boolean() }) },
  }),
  nudge: contract({
    ...ok,
    method: 'POST',
    path: '/nudge',
    summary: 'Nudge',
    who: ['anyone'],
    answers: { 200: Closed({}) },
  }),
  much: contract({
    ...ok,
    ...{ method: 'GET', path: '/much', summary: 'Answer with a megabyte', who: ['anyone'] },
    answers: { 200: Closed({ text: Type.String() }) },
  }),
  wait: contract({
    ...ok,
    ...{ method: 'GET', path: '/wait', summary: 'Wait for the end', who: ['anyone'] },
    answers: { 204: null },
  }),
}

const callers: Record<string, Caller> = {
  'player-token': { kind: 'player', player: 'player_a', nick: 'a', guest: false, login: 'login_a', operator: false },
  'operator-token': { kind: 'player', player: 'player_o', nick: 'o', guest: false, login: 'login_o', operator: true },
  muster_sk_service: { kind: 'key', key: 'key_s', scopes: ['service'] },
  muster_rt_s1: { kind: 'report', session: 'session_1' },
}
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const callerOf = async (token: string) => callers[token] ?? null
/** Remembers nothing: what is kept is tested on a database. */
const idempotency: Idempotency = { run: (_, handle) => handle(idMint(simulatedClock())), sweep: async () => undefined }

/** The HTTP edge with a few calls of each sort, for tests of the edge itself. */
export async function httpGround(more: Partial<HttpOptions> = {}) {
  const clock = simulatedClock()
  const lines: string[] = []
  const handled: unknown[] = []
  const state = { serving: true }
  /** Calls that wait until their caller has gone; they listen for it once `listens` has resolved. */
  const waiting = Object.assign(new EventEmitter(), { listens: Promise.resolve() })
  const kept = memorySoftState(clock)
  const soft: SoftState = { ...kept }
  const server = await createHttpServer(
    {
      ...{ clock, mintId: idMint(clock), idempotency, isServing: () => state.serving },
      log: createLog({ level: 'trace', pretty: false }, { write: (line) => void lines.push(line) }),
      metrics: createMetrics({ process: false }),
      limits: createLimits(soft, clock.now),
      authenticators: {
        ...{ player: callerOf, key: callerOf, report: callerOf },
        cookie: (value) => callerOf(`${value}-token`),
      },
    },
    {
      ...{ trustedProxies: ['10.0.0.0/8'], bodyBytesMax: 2_048, origins: ['https://game.example'], version: '1.2.3' },
      rate: { name: 'request', max: 50, perMs: 60_000 },
      ...more,
    },
    [
      route(contracts.make, async ({ body }) => {
        handled.push(body)
        return { status: 201, body: { ...body, secret: 'not in the schema' } }
      }),
      route(contracts.list, async ({ query }) => ({ status: 200, body: query })),
      route(contracts.rename, async () => ({ status: 204 })),
      route(contracts.latest, async () => ({ status: 204 })),
      route(contracts.fail, async () => {
        throw Object.assign(new Error('inner workings'), { password: 'hunter2' })
      }),
      route(contracts.say, async ({ caller, encrypted }) => {
        if (caller.kind !== 'player') throw new Refusal('UNAUTHENTICATED')
        return { status: 200, body: { caller: caller.player, encrypted } }
      }),
      route(contracts.nudge, async () => {
        throw new Refusal('NO_CAPACITY', { retryAfterS: 2.5 })
      }),
      route(contracts.much, async () => ({ status: 200, body: { text: 'x'.repeat(1_048_576) } })),
      route(contracts.wait, async (call) => {
        waiting.emit('begun')
        await waiting.listens
        const { signal } = call
        if (!signal.aborted) await once(signal, 'abort')
        waiting.emit('over')
        return { status: 204 }
      }),
    ],
  )
  await server.fastify.ready()

  async function call(request: InjectOptions) {
    const { statusCode, headers, body } = await server.fastify.inject(request)
    const problem = String(headers['content-type']).startsWith('application/problem+json')
    return { status: statusCode, headers, body: body === '' ? null : JSON.parse(body), problem }
  }
  return {
    ...{ clock, lines, handled, state, waiting, soft, server, call },
    post: (payload: string | object, headers: Record<string, string> = {}) =>
      call({ method: 'POST', url: '/items', payload, headers: { 'content-type': 'application/json', ...headers } }),
  }
}

export type HttpGround = Awaited<ReturnType<typeof httpGround>>

/** What a refusal looks like from outside. */
export const refusal = (status: number, code: string) => ({ status, problem: true, body: { status, code } })
