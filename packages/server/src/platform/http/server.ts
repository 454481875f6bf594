import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { Readable } from 'node:stream'
import fastifySwagger from '@fastify/swagger'
import { type Contract, Refusal } from '@muster/protocol'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { Clock } from '../clock.ts'
import type { MintId } from '../ids.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { ConfigError } from '../options.ts'
import { type Authenticators, admit, callerName, callerOf, cookieCallerOf } from './admission.ts'
import { refusalOfTwoHosts } from './hosts.ts'
import type { Idempotency } from './idempotency.ts'
import type { Limit, Limits } from './limits.ts'
import { offencesIn } from './offences.ts'
import { documentSchema, openApi, withOptionalBodies } from './openapi.ts'
import { complaintsRefusal, problemOf, refusalOf, unreadableBody } from './problem.ts'
import { refuseUnreadable } from './raw-problem.ts'
import type { Caller, Route } from './route.ts'
import { unstorableTexts } from './text.ts'
import { validatorOf } from './validation.ts'

export interface HttpGround {
  clock: Clock
  log: Log
  metrics: Metrics
  mintId: MintId
  limits: Limits
  idempotency: Idempotency
  authenticators: Authenticators
  /** While false, calls are refused with UNAVAILABLE. */
  isServing?: () => boolean
}

export interface HttpOptions {
  /** Proxies whose forwarded headers are believed: addresses or networks. */
  trustedProxies: string[]
  bodyBytesMax: number
  /** Origins whose pages may call from a browser. */
  origins: string[]
  /** Requests of one caller. */
  rate: Limit
  version: string
  /** Players reach it by TLS, whatever this process itself speaks. */
  encrypted?: boolean
  /** Most lines open at once, sockets among them; unlimited unless told. */
  connectionsMax?: number
  lines?: LineLimits
}

/** How long a line may keep us waiting. */
export interface LineLimits {
  /** For the headers of a request to have come, and for all of it. */
  headersMs: number
  requestMs: number
  /** Nothing has passed either way: a reader that takes nothing, too. */
  idleMs: number
  /** Between two requests. */
  betweenMs: number
  /** How often the first two are looked at. */
  checkEveryMs: number
}

const usualLines: LineLimits = {
  ...{ headersMs: 20_000, requestMs: 30_000, idleMs: 120_000, betweenMs: 72_000, checkEveryMs: 5_000 },
}

export interface HttpServer {
  fastify: FastifyInstance
  listen(at: { host: string; port: number }): Promise<{ host: string; port: number }>
  /** Ends waits, lets what is under way be answered, and closes what is left after a while. */
  close(): Promise<void>
}

/** What answers also while the rest is starting or stopping. */
const alwaysAnswered = new Set(['/healthz', '/readyz', '/metrics'])
const closeWaitMs = 10_000

const idempotencyKey = /^[\x21-\x7e]{1,255}$/

declare module 'fastify' {
  interface FastifyContextConfig {
    problemType?: string
  }
}

/** One HTTP server that answers the given routes, and nothing that no contract names. */
export async function createHttpServer(ground: HttpGround, options: HttpOptions, routes: Route[]): Promise<HttpServer> {
  const lines = options.lines ?? usualLines
  const app = fastify({
    logger: false,
    trustProxy: options.trustedProxies.length > 0 ? options.trustedProxies : false,
    bodyLimit: options.bodyBytesMax,
    connectionTimeout: lines.idleMs,
    requestTimeout: lines.requestMs,
    keepAliveTimeout: lines.betweenMs,
    http: {
      ...{ headersTimeout: lines.headersMs, connectionsCheckingInterval: lines.checkEveryMs },
      maxHeaderSize: 16_384,
    },
    genReqId: () => `req_${randomUUID()}`,
    requestIdHeader: false,
    routerOptions: { maxParamLength: 256 },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => void sendProblem(reply, refusalOf(error), request.id),
    clientErrorHandler: refuseUnreadable,
  })
  if (options.connectionsMax !== undefined) app.server.maxConnections = options.connectionsMax
  // Node would say no without a word.
  app.server.on('checkExpectation', (_, response) => {
    const refusal = new Refusal('INVALID_REQUEST', { detail: 'Nothing but `Expect: 100-continue` can be expected.' })
    const text = JSON.stringify(problemOf(refusal, `req_${randomUUID()}`))
    const headers = { 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(text) }
    response.writeHead(refusal.status, { ...headers, connection: 'close' }).end(text)
  })
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  // Many clients name the type also where they send nothing.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === ''
      ? done(null, undefined)
      : parse(request, String(body), (error, value) => done(error && unreadableBody(String(body), error), value)),
  )
  app.setValidatorCompiler(validatorOf)
  await app.register(fastifySwagger, { openapi: openApi(options.version), transformObject: withOptionalBodies })

  const seconds = ground.metrics.histogram(
    'http_request_seconds',
    'Time to answer, by route and status',
    [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30],
    ['method', 'route', 'status'],
  )
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    // The database's time: game servers judge by it whether a ticket has ended, whatever this machine's clock says.
    reply.header('date', new Date(ground.clock.now()).toUTCString())
    if (ground.isServing?.() === false && !alwaysAnswered.has(request.url)) {
      throw new Refusal('UNAVAILABLE', { detail: 'Muster is starting or stopping. Try again shortly.', retryAfterS: 1 })
    }
    const twoHosts = refusalOfTwoHosts(request.raw)
    if (twoHosts !== null) throw twoHosts
    allowOrigin(request, reply, options.origins)
    // Before anything of it is read: whatever else is wrong with it, there is nothing to send it to.
    if (request.is404 || isNamedOtherwise(request)) return nothingHere(request, reply)
  })
  // Also a call that began before the end: its line would be kept, and the end would wait for it.
  app.addHook('onSend', async (_, reply) => {
    if (closing.signal.aborted) reply.header('connection', 'close')
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const spent = reply.elapsedTime
    seconds.observe({ method: request.method, route, status: reply.statusCode }, spent / 1_000)
    ground.log.debug(
      { request_id: request.id, method: request.method, route, status: reply.statusCode, spent_ms: Math.round(spent) },
      'answered',
    )
  })
  app.setErrorHandler((error, request, reply) => {
    const isMisshapen = (error as { validation?: unknown }).validation !== undefined
    const refusal = isMisshapen ? complaintsRefusal(offencesIn(request)) : refusalOf(error)
    if (refusal.status >= 500) {
      const level = refusal.code === 'INTERNAL' ? 'error' : 'warn'
      // Where nothing broke, it does not matter which line refused.
      const isBroken = refusal.cause !== undefined || level === 'error'
      const why = isBroken ? { err: refusal.cause ?? refusal } : { detail: refusal.message }
      ground.log[level]({ ...why, request_id: request.id, code: refusal.code }, 'request failed')
    }
    return sendProblem(reply, refusal, request.id, request.routeOptions.config?.problemType)
  })
  const paths = new Set(routes.map(({ contract }) => contract.path))
  // `PATCH /games/join` changes no game of that name: a path written out is never also somebody's id.
  const isNamedOtherwise = (request: FastifyRequest) => {
    const path = pathOf(request)
    return request.routeOptions.url !== path && paths.has(path)
  }
  const nothingHere = (request: FastifyRequest, reply: FastifyReply) => {
    const path = pathOf(request)
    const allowed = paths.has(path)
      ? routes.filter(({ contract }) => contract.path === path).map(({ contract }) => contract.method)
      : methods.filter((method) => app.findRoute({ method, url: path }))
    if (allowed.length === 0) return sendProblem(reply, new Refusal('NOT_FOUND'), request.id)
    if (request.method === 'OPTIONS') return reply.header('allow', allowed.join(', ')).code(204).send()
    const type = routes.find(({ contract }) => contract.path === path)?.contract.problemType
    return sendProblem(reply.header('allow', allowed.join(', ')), new Refusal('METHOD_NOT_ALLOWED'), request.id, type)
  }
  app.setNotFoundHandler(nothingHere)

  const callers = new WeakMap<FastifyRequest, Caller>()
  for (const { contract, handle } of routes) {
    app.route({
      method: contract.method,
      url: contract.path,
      schema: documentSchema(contract),
      config: contract.problemType === undefined ? {} : { problemType: contract.problemType },
      // Before the request is validated: a stranger learns nothing of a call that is not for strangers.
      preValidation: async (request) => {
        const { headers } = request
        const byCookie = contract.cookie === true && headers.authorization === undefined
        const calling = byCookie
          ? cookieCallerOf(headers, options.origins, ground.authenticators)
          : callerOf(headers.authorization, ground.authenticators)
        const caller = await calling.catch(async (error: unknown) => {
          // Who tries tokens is nobody yet, and counted as such.
          await ground.limits.spend(options.rate, callerName({ kind: 'anyone' }, request.ip))
          throw error
        })
        await ground.limits.spend(options.rate, callerName(caller, request.ip))
        admit(contract, caller, request.params)
        callers.set(request, caller)
      },
      handler: async (request, reply) => {
        const caller = callers.get(request)
        if (caller === undefined) throw new Error('The request was not let in.')
        const strange = [...unstorableTexts(request.body, 'body'), ...unstorableTexts(request.query, 'query')]
        if (strange.length > 0) throw complaintsRefusal(strange)
        return answer(contract, handle, caller, request, reply)
      },
    })
  }

  /** Only made for who listens: it costs as much as all else that a request needs here. */
  function goneOf(reply: FastifyReply): AbortSignal {
    const gone = new AbortController()
    const hangUp = () => gone.abort()
    if (closing.signal.aborted || reply.raw.closed) hangUp()
    else {
      closing.signal.addEventListener('abort', hangUp)
      // The response closes when its connection does, or when it has been sent.
      reply.raw.once('close', () => {
        closing.signal.removeEventListener('abort', hangUp)
        hangUp()
      })
    }
    return gone.signal
  }

  async function answer(
    contract: Contract,
    handle: Route['handle'],
    caller: Caller,
    request: FastifyRequest,
    reply: FastifyReply,
  ) {
    const run = (mintId: MintId) =>
      handle({
        params: request.params,
        query: request.query,
        headers: request.headers,
        body: request.body,
        caller,
        requestId: request.id,
        address: request.ip,
        encrypted: options.encrypted === true || request.protocol === 'https',
        mintId,
        get signal() {
          return goneOf(reply)
        },
      } as unknown as Parameters<Route['handle']>[0]) as Promise<{
        status: number
        body?: unknown
        headers?: Readonly<Record<string, string>>
      }>
    const key = contract.creates ? request.headers['idempotency-key'] : undefined
    if (key !== undefined && (typeof key !== 'string' || !idempotencyKey.test(key))) {
      throw new Refusal('INVALID_REQUEST', { detail: 'Idempotency-Key takes 1 to 255 printable characters.' })
    }
    const content = () => JSON.stringify([contract.method, request.url, request.body])
    const answered =
      key === undefined
        ? await run(ground.mintId)
        : await ground.idempotency.run(
            { caller: callerName(caller, request.ip), key, content: content() },
            async (mintId) => ({ body: null, ...(await run(mintId)) }),
          )
    reply.code(answered.status)
    if (answered.headers !== undefined) reply.headers(answered.headers)
    return contract.answers[answered.status] === null ? reply.send() : reply.send(answered.body)
  }

  return {
    fastify: app,
    async listen({ host, port }) {
      await app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
        // The database's host may be unknown too, so here it is still known whose this is.
        if (error.code !== 'ENOTFOUND' && error.code !== 'EAI_AGAIN') throw error
        throw new ConfigError('The environment', [`HOST: ${host} cannot be listened on: ${unknownHost(error)}`])
      })
      const bound = app.server.address()
      return typeof bound === 'object' && bound !== null ? { host, port: bound.port } : { host, port }
    },
    async close() {
      closing.abort()
      const cancel = ground.clock.after(closeWaitMs, () => app.server.closeAllConnections())
      await app.close()
      cancel()
    },
  }
}

const unknownHost = ({ code }: NodeJS.ErrnoException): string =>
  code === 'ENOTFOUND' ? 'there is no such host' : 'it cannot be looked up'

function sendProblem(reply: FastifyReply, refusal: Refusal, requestId: string, type?: string) {
  if (refusal.retryAfterS !== undefined) reply.header('retry-after', String(Math.ceil(refusal.retryAfterS)))
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer')
  // As a stream of its own the document passes by the success schema's serializer.
  const text = JSON.stringify(problemOf(refusal, requestId, type))
  return reply
    .code(refusal.status)
    .type('application/problem+json')
    .send(Readable.from([text]))
}

function allowOrigin(request: FastifyRequest, reply: FastifyReply, origins: string[]) {
  const { origin } = request.headers
  if (origin === undefined || !origins.includes(origin)) return
  reply.header('access-control-allow-origin', origin)
  reply.header('vary', 'origin')
  reply.header('access-control-allow-headers', 'authorization, content-type, idempotency-key, if-match, if-none-match')
  reply.header('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
  reply.header('access-control-expose-headers', 'etag, retry-after, x-request-id')
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

const pathOf = (request: FastifyRequest) => request.url.split('?')[0] ?? ''
