import type { EntryId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Leases } from '../../platform/lease.ts'
import type { Log } from '../../platform/log.ts'
import { type Checks, createChecks } from './checks.ts'
import type { Pool } from './pool.ts'

export const leaseName = 'matchmaking'

/** The time for which this process is the one that matches. Everything that it knows of who waits ends with it. */
export interface Tenure {
  readonly fence: number
  readonly pool: Pool
  readonly checks: Checks
  /** The rows have been read; before that, a match could pass over somebody who waits longer. */
  loaded: boolean
  /** News up to here has been read. */
  cursor: string
  /** Entries of which it is not known whether they still search. */
  readonly unsure: Set<EntryId>
  /** The indexes are kept by a thread of their own. */
  hasThread: boolean
  /** Entries none of whose queues is known here, since when. */
  readonly strays: Map<EntryId, number>
}

export interface Tenures {
  /** Null while another process matches, or this one may have been paused for too long. */
  current(): Tenure | null
  /** Keeps the lease, or tries for it. */
  renew(): Promise<void>
  /** A newer holder was met. */
  lose(tenure: Tenure): void
  /** Gives the lease up, so that another may have it at once. */
  resign(): Promise<void>
}

export interface TenuresNeeds {
  clock: Clock
  leases: Leases
  log: Log
  holder: string
  createPool(): Pool
  changed(holds: boolean): void
}

export function createTenures(needs: TenuresNeeds, ttlMs: number): Tenures {
  const { clock, leases, log, holder } = needs
  let held: { tenure: Tenure; until: number } | null = null
  let resigned = false

  const end = () => {
    if (held === null) return
    held.tenure.pool.close()
    held = null
    needs.changed(false)
    log.info({ lease: leaseName }, 'this process matches no more')
  }

  return {
    current: () => (held !== null && clock.now() < held.until ? held.tenure : null),
    async renew() {
      if (resigned) return
      const askedAt = clock.now()
      const fence = await leases.acquire(leaseName, holder, ttlMs)
      if (resigned) return
      if (fence === null || (held !== null && held.tenure.fence !== fence)) end()
      if (fence === null) return
      if (held === null) {
        const known = {
          loaded: false,
          cursor: '0',
          hasThread: false,
          unsure: new Set<EntryId>(),
          strays: new Map<EntryId, number>(),
        }
        held = { tenure: { fence, pool: needs.createPool(), checks: createChecks(), ...known }, until: 0 }
        needs.changed(true)
        log.info({ lease: leaseName, fence }, 'this process matches now')
      }
      held.until = askedAt + ttlMs
    },
    lose(tenure) {
      if (held?.tenure === tenure) end()
    },
    async resign() {
      resigned = true
      if (held === null) return
      end()
      await leases.release(leaseName, holder)
    },
  }
}
