import type { PlayerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { idMint } from '../../platform/ids.ts'
import type { MatchmakingStore } from './store.ts'

const batchMax = 2_000
const batchesMax = 50

/** Drops what has ended long ago, in batches. Ids sort by time, so the old ones stand at the beginning. */
export function createRetention(
  { clock, db, store }: { clock: Clock; db: Db; store: MatchmakingStore },
  keptMs: number,
) {
  let walkedTo: PlayerId | null = null

  async function untilFewer(drop: () => Promise<number>): Promise<void> {
    for (let batches = 0; batches < batchesMax; batches++) if ((await drop()) < batchMax) return
  }

  return {
    async run(): Promise<void> {
      const before = clock.now() - keptMs
      const oldest = idMint({ ...clock, now: () => before }, (count) => new Uint8Array(count))
      await untilFewer(() => db.once((tx) => store.dropClosed(tx, oldest('entry'), batchMax)))
      await untilFewer(() => db.once((tx) => store.dropEnded(tx, oldest('match'), batchMax)))
      walkedTo = await db.once((tx) => store.dropPlayers(tx, walkedTo, batchMax, before))
    },
  }
}
