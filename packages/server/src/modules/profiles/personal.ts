import type { PlayerId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'

/** A module's part of what is kept of a player. */
export interface Keeper {
  /** Everything, in words that the player can read. */
  exportOf(player: PlayerId): Promise<unknown>
  /** May be asked for twice. */
  erase(tx: Tx, player: PlayerId): Promise<void>
}

/** Asked one after the other, in the order in which rows are locked everywhere. */
export type Keepers = Readonly<Record<string, Keeper>>

export async function exportEverything(keepers: Keepers, player: PlayerId): Promise<Record<string, unknown>> {
  const parts: Record<string, unknown> = {}
  for (const [name, keeper] of Object.entries(keepers)) parts[name] = await keeper.exportOf(player)
  return parts
}
