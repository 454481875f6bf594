import type { Clock } from '../clock.ts'
import type { Db } from '../db.ts'
import type { Leases } from '../lease.ts'
import { rowsIn } from './rows.ts'
import { memoryTable } from './table.ts'
import { addOrHold } from './writes.ts'

export interface LeaseRow {
  name: string
  holder: string
  fence: number
  endsAt: number
}

export const leaseTable = memoryTable<LeaseRow>('platform_leases', (row) => row.name)

export function memoryLeases(db: Db, clock: Clock): Leases {
  return {
    acquire: (name, holder, ttlMs) =>
      db.once(async (tx) => {
        const now = clock.now()
        const rows = rowsIn(tx, leaseTable)
        const there = await addOrHold(rows, name, { name, holder, fence: 1, endsAt: now + ttlMs })
        if (there === null) return 1
        if (there.holder !== holder && there.endsAt >= now) return null
        const fence = there.holder === holder ? there.fence : there.fence + 1
        rows.put({ name, holder, fence, endsAt: now + ttlMs })
        return fence
      }),
    release: (name, holder) =>
      db.once(async (tx) => {
        const rows = rowsIn(tx, leaseTable)
        if (rows.get(name)?.holder !== holder) return
        const [there] = await rows.hold([name])
        if (there?.holder === holder) rows.put({ ...there, endsAt: 0 })
      }),
    async guard(tx, name, fence) {
      const rows = rowsIn(tx, leaseTable)
      if (rows.get(name)?.fence !== fence) return false
      const [there] = await rows.hold([name], 'share')
      return there?.fence === fence
    },
  }
}
