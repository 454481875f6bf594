/**
 * Dialects are other words for what Muster does: protocols of games that were written before they met it. Each is a thin
 * translation onto the modules below; none of them matches, admits or rates anybody by itself.
 */
import type { Authenticators } from '../../platform/http/admission.ts'
import type { Route } from '../../platform/http/route.ts'
import type { DialectsOptions } from './config.ts'
import { createMatchServerDialect } from './match-server/index.ts'
import type { DialectsNeeds } from './needs.ts'

export type { DialectsOptions } from './config.ts'
export { dialectsMigrations } from './match-server/store.ts'
export type { DialectsNeeds } from './needs.ts'

export interface Dialects {
  routes: Route[]
  authenticators: Pick<Authenticators, 'cookie'>
  start(): void
  stop(): Promise<void>
}

export function createDialects(needs: DialectsNeeds, options: DialectsOptions): Dialects {
  const matchServer = createMatchServerDialect(needs, options)
  return {
    routes: matchServer.routes,
    authenticators: { cookie: matchServer.cookieCaller },
    start: matchServer.start,
    stop: matchServer.stop,
  }
}
