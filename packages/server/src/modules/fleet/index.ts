/**
 * The fleet knows which game servers live and what room they have. Servers register themselves and beat; or Muster
 * launches a process for a session. Capacity is claimed in the database, in the transaction of whoever claims it, and is
 * never exceeded. A server that goes, for whatever reason, goes once, and with it everything it held.
 */
import type { ServerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import type { Authenticators } from '../../platform/http/admission.ts'
import type { Route } from '../../platform/http/route.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import { createClusters } from './agones/cluster/index.ts'
import { type Allocator, createAllocator } from './allocator.ts'
import type { FleetOptions } from './config.ts'
import { createCredentials } from './credentials.ts'
import { createDirectory } from './directory.ts'
import type { Allocation, Claim } from './domain.ts'
import { createEnding } from './endings.ts'
import { createFigures } from './figures.ts'
import { createHeartbeats } from './heartbeats.ts'
import { notIsolated } from './launcher/isolation.ts'
import { createLauncher } from './launcher/launcher.ts'
import { createLaunching } from './launcher/launching.ts'
import { ownMachine } from './launcher/own-machine.ts'
import type { FleetNeeds } from './needs.ts'
import { createOffered, type OfferedServers } from './offered.ts'
import { fleetRoutes } from './routes.ts'
import { createPortJudge } from './said-port.ts'
import { sqlFleetStore } from './store/sql.ts'
import { sqlClusters } from './store/sql-cluster.ts'
import { sqlOffered } from './store/sql-offered.ts'
import { createSweeper } from './sweeper.ts'

export { type AllocationRow, type Attendance, fleetAudit, type ServerRow } from './audit.ts'
export type { FleetOptions, LaunchSource, ServerSource } from './config.ts'
export type {
  Allocation,
  AssignedSession,
  Claim,
  Ending,
  GroupClaim,
  Registration,
  ServerState,
  ServerView,
} from './domain.ts'
export { firstUnprivilegedPort, type Isolation, lookForIsolation } from './launcher/isolation.ts'
export type { Machine } from './launcher/machine.ts'
export { portProblem } from './launcher/ports.ts'
export { closedToOthers, findProgram } from './launcher/reach.ts'
export type { FleetNeeds } from './needs.ts'
export type { OfferedServers } from './offered.ts'
export { fleetMigrations } from './store/migrations.ts'
export type { FleetStore, OfferedStanding, OfferedStore } from './store.ts'

export interface Fleet extends Allocator {
  routes: Route[]
  authenticators: Pick<Authenticators, 'report'>
  /** A process of its own for the session, started once the transaction has committed, or a server of a cluster. A
   *  cluster answers later: until then one is `asked`. */
  launch(tx: Tx, claim: Claim): Promise<Allocation | 'asked' | null>
  /** What this run of the server verifies tickets with: 32 bytes. */
  ticketKeyOf(server: ServerId, instance: string): Buffer
  /** What it opens connect tokens with: 32 bytes. */
  netcodeKeyOf(server: ServerId, instance: string): Buffer
  reportTokenOf(session: SessionId): string
  offered: OfferedServers
  start(): Promise<void>
  /** What becomes of launched servers is an option, unless told here. With `drain`, the routes must still answer. */
  stop(onStop?: FleetOptions['onStop']): Promise<void>
}

export function createFleet(needs: FleetNeeds, options: FleetOptions): Fleet {
  const { clock, db, wakes, log, mintId, store = sqlFleetStore(), offeredStore = sqlOffered() } = needs
  const machine = needs.machine ?? ownMachine(needs.dataDir, log, needs.isolation ?? notIsolated)
  const { clusterStore = sqlClusters(), clusterSourceOf = () => null } = needs
  const figures = createFigures(needs.metrics)
  const credentials = createCredentials(needs.secrets)
  const endServers = createEnding({ store, wakes, log, figures })
  const directory = createDirectory({ clock, db, wakes, log, store, endServers })
  const heartbeats = createHeartbeats({ clock, db, wakes, store }, options)
  const allocator = createAllocator({ clock, db, wakes, store, figures, judgePort: createPortJudge(needs) })
  const launcher = createLauncher(
    {
      ...{ ...needs, store, machine, credentials, figures, endServers },
      ...{ confirm: allocator.confirm, name: mintId('launcher') },
    },
    options,
  )
  const launch = createLaunching({ ...needs, store, figures, launcher })
  const clusters = createClusters(
    {
      ...{ ...needs, store: { ...clusterStore, beatLaunched: store.beatLaunched }, credentials, figures, endServers },
      ...{ sourceOf: clusterSourceOf, apiOf: needs.clusterApiOf },
    },
    options.clusters,
  )
  const sweep = createSweeper({ clock, db, store, endServers, figures }, options)
  let sweeping: Repeating | null = null
  let unhear = () => undefined as unknown

  return {
    ...allocator,
    launch: async (tx, claim) => (await launch(tx, claim)) ?? clusters.claim(tx, claim),
    ticketKeyOf: credentials.ticketKeyOf,
    netcodeKeyOf: credentials.netcodeKeyOf,
    reportTokenOf: credentials.reportTokenOf,
    offered: createOffered({ clock, db, wakes, log, store: { ...store, ...offeredStore }, endServers }),
    routes: fleetRoutes(
      {
        ...{ db, store, directory, heartbeats, credentials, log },
        hasMode: needs.hasMode,
        outputOf: launcher.outputOf,
      },
      options,
    ),
    authenticators: { report: async (token) => credentials.reportCaller(token) },
    async start() {
      await launcher.start()
      clusters.start()
      unhear = wakes.hear('server', (servers) => {
        if (servers.some((server) => launcher.watches(server))) launcher.nudge()
      })
      sweeping = repeating(needs, 'fleet sweep', options.sweepEveryS * 1_000, async () => {
        heartbeats.forgetOld()
        await sweep()
      })
    },
    async stop(onStop = options.onStop) {
      heartbeats.stop()
      await launcher.stop(onStop)
      await clusters.stop()
      unhear()
      await sweeping?.stop()
    },
  }
}
