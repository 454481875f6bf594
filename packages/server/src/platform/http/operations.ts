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

/** `/`: what this is. `/healthz`: the process answers. `/readyz`: so do its stores, and it is not stopping. `/metrics`, `/openapi.json`. */
export function mountOperations(app: FastifyInstance, metrics: Metrics, readiness: Readiness, version: string): void {
  const hidden = { schema: { hide: true } }
  app.get('/', hidden, async () => introduction(version))
  app.get('/healthz', hidden, async () => ({ status: 'ok' }))
  app.get('/readyz', hidden, async (_, reply) => {
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
  app.get('/metrics', hidden, async (_, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
  app.get('/openapi.json', hidden, async () => app.swagger())
}
