import type { PlayerId, ServerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import type { Authenticators } from '../../platform/http/admission.ts'
import type { Route } from '../../platform/http/route.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import { createAllocator } from './allocator.ts'
import type { FleetOptions } from './config.ts'
import { createCredentials } from './credentials.ts'
import { createDirectory } from './directory.ts'
import type { Allocation, Claim, ServerView } from './domain.ts'
import { createEnding } from './endings.ts'
import { createFigures } from './figures.ts'
import { createLauncher } from './launcher/launcher.ts'
import type { FleetNeeds } from './needs.ts'
import { createOrderDesk } from './orders.ts'
import { fleetRoutes } from './routes.ts'
import { sqlFleetStore } from './store/sql.ts'
import { createWatch } from './watch.ts'

export { type FleetOptions, fleetOptions, type LaunchSource, type ServerSource } from './config.ts'
export type { Allocation, Claim, ServerView } from './domain.ts'
export type { FleetNeeds } from './needs.ts'
export { fleetMigrations } from './store/migrations.ts'

/** Fleet knows which game servers live, and gives sessions their capacity. Some servers register by themselves and beat;
 *  others are processes that it starts on this machine, one for each session, and looks after until they end. It knows
 *  nothing of players but whom a server is to drop. */
export interface Fleet {
  routes: Route[]
  authenticators: Pick<Authenticators, 'report'>
  start(): Promise<void>
  stop(): Promise<void>
  reserve(tx: Tx, claim: Claim): Promise<Allocation | null>
  launch(tx: Tx, claim: Claim): Promise<Allocation | null>
  confirm(tx: Tx, session: SessionId, port?: number): Promise<void>
  addSlots(tx: Tx, session: SessionId, count: number): Promise<boolean>
  freeSlots(tx: Tx, session: SessionId, count: number): Promise<void>
  release(tx: Tx, session: SessionId, why: string): Promise<void>
  kick(tx: Tx, session: SessionId, player: PlayerId, reason: string): Promise<void>
  viewOf(sessions: readonly SessionId[]): Promise<Map<SessionId, ServerView>>
  ticketKeyOf(server: ServerId, instance: string): Uint8Array
}

const tidyEveryMs = 10_000

export function createFleet(needs: FleetNeeds, options: FleetOptions): Fleet {
  const { clock, random, db, wakes, log } = needs
  const store = sqlFleetStore()
  const figures = createFigures(needs.metrics)
  const credentials = createCredentials(needs.secrets)
  const endServers = createEnding({ store, wakes, log, figures })
  const allocator = createAllocator({ clock, db, wakes, store, figures })
  const ground = { clock, db, wakes, log, store, credentials, figures, endServers }
  const directory = createDirectory(ground, options)
  const orders = createOrderDesk(ground, options)
  const watch = createWatch(ground, options)
  const launcher = createLauncher({ ...needs, ...ground, confirm: allocator.confirm }, options)
  let jobs: Repeating[] = []

  return {
    ...allocator,
    launch: launcher.launch,
    ticketKeyOf: credentials.ticketKeyOf,
    authenticators: { report: async (token) => credentials.reportCaller(token) },
    routes: fleetRoutes({ db, store, directory, orders }, options),
    async start() {
      await launcher.start()
      const timing = { clock, random, log }
      jobs = [
        repeating(timing, 'silent game servers', options.sweepEveryS * 1_000, watch.look),
        repeating(timing, 'game servers of old', tidyEveryMs, watch.tidy),
      ]
    },
    async stop() {
      await Promise.all(jobs.splice(0).map((job) => job.stop()))
      await launcher.stop()
    },
  }
}
