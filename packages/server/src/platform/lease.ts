import { sql } from 'kysely'
import type { Clock } from './clock.ts'
import { type Db, sqlOf, type Tx } from './db.ts'
import { type Migrations, statements } from './postgres.ts'

/** One holder at a time, told apart by a number that only grows. Who was paused and comes back holds an old number, and
 *  `guard` refuses it inside the very transaction that would have acted. */
export interface Leases {
  /** The fencing number while held by `holder`, renewed for `ttlMs`; null while somebody else holds it. */
  acquire(name: string, holder: string, ttlMs: number): Promise<number | null>
  release(name: string, holder: string): Promise<void>
  /** False if a newer holder exists. Until the transaction ends, nobody can take the lease over. */
  guard(tx: Tx, name: string, fence: number): Promise<boolean>
}

interface LeaseTables {
  platform_leases: { name: string; holder: string; fence: number; ends_at: number }
}

export const leaseMigrations: Migrations = {
  platform_0001_leases: statements(
    `create table platform_leases (
       name text primary key, holder text not null, fence bigint not null, ends_at bigint not null)`,
  ),
}

export function createLeases(db: Db, clock: Clock): Leases {
  return {
    acquire: (name, holder, ttlMs) =>
      db.once(async (tx) => {
        const now = clock.now()
        const row = await sqlOf<LeaseTables>(tx)
          .insertInto('platform_leases')
          .values({ name, holder, fence: 1, ends_at: now + ttlMs })
          .onConflict((conflict) =>
            conflict
              .column('name')
              .doUpdateSet({
                holder,
                fence: sql`platform_leases.fence + case when platform_leases.holder = ${holder} then 0 else 1 end`,
                ends_at: now + ttlMs,
              })
              .where((where) =>
                where.or([where('platform_leases.holder', '=', holder), where('platform_leases.ends_at', '<', now)]),
              ),
          )
          .returning('fence')
          .executeTakeFirst()
        return row === undefined ? null : Number(row.fence)
      }),
    release: (name, holder) =>
      db.once(async (tx) => {
        await sqlOf<LeaseTables>(tx)
          .updateTable('platform_leases')
          .set({ ends_at: 0 })
          .where('name', '=', name)
          .where('holder', '=', holder)
          .execute()
      }),
    async guard(tx, name, fence) {
      const row = await sqlOf<LeaseTables>(tx)
        .selectFrom('platform_leases')
        .select('fence')
        .where('name', '=', name)
        .where('fence', '=', fence)
        .forShare()
        .executeTakeFirst()
      return row !== undefined
    },
  }
}
