import type { EntryId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { unheardAfterMs } from './activity.ts'
import type { CloseSearching } from './closing.ts'
import type { EntryStore } from './store.ts'
import type { Tenure } from './tenure.ts'

export interface IdleNeeds {
  clock: Clock
  db: Db
  store: Pick<EntryStore, 'waitersOf'>
  close: CloseSearching
}

const lookMax = 1_000
const looksMax = 10
const lookAgainMs = 5_000
/** How long an entry may wait before it is looked at where nobody is ever idle: it may have left unheard. */
const lookAnywayMs = 120_000

/** How long after its players were heard of an entry is looked at. */
export const lookAfterMs = (idleMs: number): number => (idleMs === 0 ? lookAnywayMs : unheardAfterMs(idleMs))

/**
 * Closes entries of whose players nothing was heard for too long, and drops from the pool those that left unheard. Only
 * entries whose time has come are looked at, by their keys, so a million of them cost a few thousand looks a second.
 */
export function createIdle({ clock, db, store, close }: IdleNeeds, idleMs: number) {
  const againMs = lookAfterMs(idleMs)

  async function look(tenure: Tenure, ids: readonly EntryId[], now: number): Promise<void> {
    if (idleMs > 0) await db.transact((tx) => close(tx, ids, 'idle', now - againMs))
    const rows = new Map((await db.once((tx) => store.waitersOf(tx, ids))).map((entry) => [entry.id, entry]))
    for (const id of ids) {
      const entry = rows.get(id)
      if (entry === undefined) tenure.pool.drop(id, now)
      else tenure.checks.add(id, idleMs === 0 ? now + againMs : Math.max(now + 1_000, entry.seenAt + againMs))
    }
  }

  return {
    async run(tenure: Tenure): Promise<void> {
      const now = clock.now()
      for (let looks = 0; looks < looksMax; looks++) {
        const due = tenure.checks.due(now, lookMax)
        if (due.length === 0) return
        const waiting = due.filter((id) => tenure.pool.has(id))
        // Those that are being matched right now either go, or come back and are looked at later.
        for (const id of due) if (tenure.pool.isOut(id)) tenure.checks.add(id, now + againMs)
        if (waiting.length === 0) continue
        try {
          await look(tenure, waiting, now)
        } catch (error) {
          for (const id of waiting) tenure.checks.add(id, now + lookAgainMs)
          throw error
        }
      }
    },
  }
}
