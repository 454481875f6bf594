import type { ServerId } from '@muster/protocol'
import type { Clock } from '../../../platform/clock.ts'
import type { Db } from '../../../platform/db.ts'
import type { FleetOptions } from '../config.ts'
import type { Figures } from '../figures.ts'
import type { ProcessStore } from '../store.ts'
import type { Machine } from './machine.ts'
import type { Watch } from './watch.ts'

export interface UpkeepNeeds {
  clock: Clock
  db: Db
  store: ProcessStore
  machine: Machine
  figures: Figures
}

const filesEveryMs = 600_000

/** What watched servers need from time to time: a beat in their name, their last lines where every node can read them,
 *  and the files of those long gone removed. */
export function createUpkeep({ clock, db, store, machine, figures }: UpkeepNeeds, options: FleetOptions) {
  let beatAt = 0
  let filesAt = 0
  let saved = new Map<ServerId, number>()

  return async function upkeep(watched: ReadonlyMap<ServerId, Watch>): Promise<void> {
    const now = clock.now()
    figures.processes(watched.size)
    if (now >= beatAt) {
      beatAt = now + options.launchBeatS * 1_000
      if (watched.size > 0) await db.once((tx) => store.beatLaunched(tx, now, [...watched.keys()]))
      const changed = [...watched].filter(([server, { output }]) => output.count() !== (saved.get(server) ?? 0))
      const counts = new Map([...watched].map(([server, { output }]) => [server, output.count()]))
      if (changed.length > 0) {
        const output = changed.map(([server, watch]) => ({ server, lines: watch.output.last() }))
        await db.once((tx) => store.saveOutput(tx, output))
      }
      saved = counts
    }
    if (now >= filesAt) {
      filesAt = now + filesEveryMs
      const before = now - options.logsKeptS * 1_000
      await machine.removeOldOutput({ before, max: options.logsMax, living: new Set(watched.keys()) })
    }
  }
}
