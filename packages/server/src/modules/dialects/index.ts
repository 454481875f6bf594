/**
 * Dialects are other words for what Muster does: protocols of games that were written before they met it. Each is a thin
 * translation onto the modules below; none of them matches, admits or rates anybody by itself.
 */
import type { PlayerId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
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
  personal: { exportOf(player: PlayerId): Promise<unknown>; erase(tx: Tx, player: PlayerId): Promise<void> }
  start(): void
  stop(): Promise<void>
}

export function createDialects(needs: DialectsNeeds, options: DialectsOptions): Dialects {
  const matchServer = createMatchServerDialect(needs, options)
  return {
    routes: matchServer.routes,
    authenticators: { cookie: matchServer.cookieCaller },
    personal: matchServer.personal,
    start: matchServer.start,
    stop: matchServer.stop,
  }
}
