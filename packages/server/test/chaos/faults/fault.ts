import type { Cluster } from '../cluster/index.ts'
import type { Chance } from '../world/chance.ts'
import type { GameServers } from '../world/game-servers.ts'

export interface FaultNeeds {
  cluster: Cluster
  servers: GameServers
  chance: Chance
}

/** Something that goes wrong for a while. */
export interface Fault {
  kind: string
  /** What it happens to. */
  on: string
  begin(): Promise<void> | void
  /** How long it lasts. */
  lastsMs: number
  /** Puts everything right again, as far as this went wrong. */
  heal(): Promise<void> | void
}

/** Draws the particulars: what it hits, and for how long. */
export type FaultKind = (needs: FaultNeeds) => Promise<Fault> | Fault
