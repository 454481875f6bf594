import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { MintId } from '../../platform/ids.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { Random } from '../../platform/random.ts'
import type { Secrets } from '../../platform/secrets.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { ClusterApi } from './agones/cluster/api.ts'
import type { ClusterOptions, ClusterSource } from './agones/cluster/config.ts'
import type { ClusterStore } from './agones/cluster/store.ts'
import type { LaunchSource } from './config.ts'
import type { Isolation } from './launcher/isolation.ts'
import type { Machine } from './launcher/machine.ts'
import type { FleetStore, OfferedStore } from './store.ts'

export interface FleetNeeds {
  clock: Clock
  random: Random
  mintId: MintId
  db: Db
  /** What is kept; in PostgreSQL unless told. */
  store?: FleetStore
  offeredStore?: OfferedStore
  clusterStore?: ClusterStore
  /** How a cluster is asked; over the network unless told. */
  clusterApiOf?(name: string, options: ClusterOptions): ClusterApi
  /** What launched servers run on; this very machine unless told. */
  machine?: Machine
  /** How far servers are kept apart on this machine; not at all unless told. */
  isolation?: Isolation
  wakes: Wakes
  secrets: Secrets
  log: Log
  metrics: Metrics
  /** This machine's name, the same after every restart: whoever bears it owns the processes launched under it. */
  node: string
  /** Output of launched servers is kept in `servers/` inside it. */
  dataDir: string
  /** Where launched servers reach Muster. */
  apiUrl(): string
  /** Muster's own environment, from which launched servers are given what the options name. */
  environment: Readonly<Record<string, string | undefined>>
  /** Whether anything is played in a mode of this name. */
  hasMode(mode: string): boolean
  /** How servers of a mode are launched, if they are. */
  launchSourceOf(mode: string): LaunchSource | null
  /** How the servers of a mode take connect tokens, if they do. */
  netcodeOf?(mode: string): NetcodeOf | null
  /** How servers of a mode are allocated from a cluster, if they are; none is unless told. */
  clusterSourceOf?(mode: string): ClusterSource | null
}

export interface NetcodeOf {
  protocolId: bigint
  /** The host that servers believe theirs to be, where it is not the one that players are sent to. */
  internalHost: string | null
}
