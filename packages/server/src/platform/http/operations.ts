import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../metrics.ts'

export interface Readiness {
  /** False from the moment a stop begins. */
  serving: boolean
  /** Each throws while what it looks at does not answer. */
  checks: Readonly<Record<string, () => Promise<unknown>>>
}

const checkTimeoutMs = 2_000

const within = (check: Promise<unknown>): Promise<unknown> =>
  Promise.race([
    check,
    new Promise((_, reject) => {
      setTimeout(() => reject(new Error('no answer in time')), checkTimeoutMs).unref()
    }),
  ])

/** What answers here, for who comes without knowing. */
const introduction = (version: string) => ({
  name: 'Muster',
  version,
  description: 'The backend of a multiplayer game',
  calls: '/openapi.json',
  alive: '/healthz',
  ready: '/readyz',
  metrics: '/metrics',
})

const state = { description: 'Done', type: 'object', additionalProperties: { type: 'string' } }
const inType = (type: string, schema: object) => ({ description: 'Done', content: { [type]: { schema } } })

/** For the document; who looks after a server needs no token. */
const described = (operationId: string, summary: string, response: object) => ({
  schema: { operationId, summary, response, tags: ['operations'], security: [{}] },
})

/** `/`: what this is. `/healthz`: the process answers. `/readyz`: so do its stores, and it is not stopping. `/metrics`, `/openapi.json`. */
export function mountOperations(app: FastifyInstance, metrics: Metrics, readiness: Readiness, version: string): void {
  app.get('/', described('getIntroduction', 'What answers here', { 200: state }), async () => introduction(version))
  app.get('/healthz', described('getHealthz', 'The process answers', { 200: state }), async () => ({ status: 'ok' }))
  const readyz = described('getReadyz', 'So do its stores, and it is not stopping', { 200: state, 503: state })
  app.get('/readyz', readyz, async (_, reply) => {
    const states: Record<string, string> = {}
    for (const [name, check] of Object.entries(readiness.checks)) {
      states[name] = await within(check()).then(
        () => 'ok',
        () => 'unavailable',
      )
    }
    const ready = readiness.serving && Object.values(states).every((state) => state === 'ok')
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', ...states })
  })
  const figures = described('getMetrics', 'Figures for Prometheus', { 200: inType('text/plain', { type: 'string' }) })
  app.get('/metrics', figures, async (_, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
  const itself = described('getOpenapiJson', 'This document', { 200: inType('application/json', { type: 'object' }) })
  app.get('/openapi.json', itself, async (_, reply) =>
    reply.type('application/json').send(JSON.stringify(app.swagger())),
  )
}
