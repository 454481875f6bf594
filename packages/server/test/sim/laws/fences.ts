import type { Commit, MemoryTx } from '../../../src/platform/memory-db/index.ts'
import type { MatchRow } from './mirror.ts'

interface LeaseRow {
  name: string
  holder: string
  fence: number
}

/** Law 8: matches are made by the holder of the newest lease alone. */
export function createFences(broken: (what: string) => void) {
  const acting = new WeakMap<MemoryTx, { holder: string; name: string; fence: number }>()
  const leases = new Map<string, LeaseRow>()

  return {
    /** A process is about to act as the holder of a lease. */
    acts(tx: MemoryTx, holder: string, name: string, fence: number): void {
      acting.set(tx, { holder, name, fence })
    },
    check({ tx, changes }: Commit): void {
      for (const { table, key, after } of changes) {
        if (table === 'platform_leases' && after !== null) leases.set(key, after as LeaseRow)
      }
      for (const { table, before, after } of changes) {
        if (table !== 'matchmaking_matches' || before !== null) continue
        const { id } = after as MatchRow
        const by = acting.get(tx)
        const lease = by === undefined ? undefined : leases.get(by.name)
        if (by === undefined || lease === undefined) broken(`[8] ${id} was made by nobody who holds a lease`)
        else if (lease.fence !== by.fence || lease.holder !== by.holder) {
          broken(`[8] ${id} was made by ${by.holder} under ${by.fence}, when ${lease.holder} held ${lease.fence}`)
        }
      }
    },
  }
}
