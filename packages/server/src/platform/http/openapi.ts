import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { type Contract, refusals } from '@muster/protocol'
import type { FastifySchema } from 'fastify'
import { loginCookie } from './cookies.ts'

/** Refusals that any call may get. */
const everyCall = [
  ...(['INVALID_REQUEST', 'UNAUTHENTICATED', 'RATE_LIMITED'] as const),
  ...(['INTERNAL', 'UNAVAILABLE', 'OUTCOME_UNKNOWN'] as const),
]

/** Refusals that may say when it is worth trying again. */
const mayWait = new Set<string>(
  Object.entries(refusals).flatMap(([code, { status }]) => (status === 429 || status === 503 ? [code] : [])),
).add('PAUSED')
const retryAfter = {
  type: 'integer',
  description: 'Seconds after which it is worth trying again, where they are known',
}

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'problem'],
        properties: { field: { type: 'string' }, problem: { type: 'string' } },
      },
    },
  },
}

/** What `GET /openapi.json` begins with. */
export const openApi = (version: string): NonNullable<FastifyDynamicSwaggerOptions['openapi']> => ({
  openapi: '3.1.0',
  info: {
    title: 'Muster',
    version,
    description:
      'The part of a multiplayer game that is not the game. Texts are Unicode without NUL; JSON is nested at most 64 deep; a body has at most 64 KiB.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  // Where the document itself was read.
  servers: [{ url: '/' }],
  paths: {
    '/ws': {
      get: {
        operationId: 'getWs',
        summary: 'The gateway socket: pushes to a player, and requests without an HTTP call for each',
        tags: ['operations'],
        security: [{}, { player: [] }],
        responses: { 101: { description: 'A WebSocket; the token comes as the first message, or as a subprotocol' } },
      },
    },
  },
  components: {
    securitySchemes: {
      player: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A player’s access token' },
      key: { type: 'http', scheme: 'bearer', description: 'An API key, `muster_sk_…`, of the scope the call names' },
      cookie: { type: 'apiKey', in: 'cookie', name: loginCookie, description: 'The cookie that signing in set' },
      report: { type: 'http', scheme: 'bearer', description: 'The session’s own report token, `muster_rt_…`' },
    },
  },
})

/** A contract as Fastify validates it and the OpenAPI document shows it. */
export function documentSchema(contract: Contract): FastifySchema {
  const open = contract.who.includes('anyone')
  const codes = [...everyCall, ...(open ? [] : (['FORBIDDEN'] as const)), ...contract.refusals]
  if (contract.method !== 'GET') codes.push('TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  if (contract.creates) codes.push('IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED')
  const byStatus = new Map<number, string[]>()
  for (const code of new Set(codes)) {
    const { status } = refusals[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const response: Record<string, unknown> = {}
  for (const [status, schema] of Object.entries(contract.answers)) {
    response[status] = schema === null ? { description: 'Done', type: 'null' } : { description: 'Done', ...schema }
  }
  for (const [status, names] of byStatus) {
    response[status] = {
      description: names.join(', '),
      ...(names.some((name) => mayWait.has(name)) ? { headers: { 'retry-after': retryAfter } } : {}),
      content: { 'application/problem+json': { schema: problem } },
    }
  }
  const keys = ['server', 'service', 'operator'] as const
  const security = [
    ...(contract.who.includes('player') || contract.who.includes('operator') ? [{ player: [] }] : []),
    ...(keys.some((scope) => contract.who.includes(scope)) ? [{ key: [] }] : []),
    ...(contract.who.includes('report') ? [{ report: [] }] : []),
    ...(contract.cookie === true ? [{ cookie: [] }] : []),
  ]
  return {
    summary: contract.summary,
    tags: [contract.tag],
    operationId: operationId(contract),
    security: open ? [{}, ...security] : security,
    ...(contract.params === undefined ? {} : { params: contract.params }),
    ...(contract.query === undefined ? {} : { querystring: contract.query }),
    ...(contract.headers === undefined ? {} : { headers: contract.headers }),
    ...(contract.body === undefined ? {} : { body: contract.body }),
    response,
  } as FastifySchema
}

const operationId = ({ method, path }: Contract): string =>
  [method.toLowerCase(), ...path.split(/[^A-Za-z0-9]+/).filter(Boolean)]
    .map((word, at) => (at === 0 ? word : word[0]?.toUpperCase() + word.slice(1)))
    .join('')

interface DocumentedBody {
  required?: boolean
  content?: Record<string, { schema?: { anyOf?: { type?: string }[] } }>
}

/** A body that may be null may be left out. */
export const withOptionalBodies: FastifyDynamicSwaggerOptions['transformObject'] = (documented) => {
  if (!('openapiObject' in documented)) return documented.swaggerObject
  const { openapiObject } = documented
  for (const methods of Object.values(openapiObject.paths ?? {})) {
    for (const operation of Object.values(methods ?? {}) as { requestBody?: DocumentedBody }[]) {
      const body = operation.requestBody
      const kinds = body?.content?.['application/json']?.schema?.anyOf ?? []
      if (body !== undefined && kinds.some(({ type }) => type === 'null')) body.required = false
    }
  }
  return openapiObject
}
