import type { Kysely } from 'kysely'
import { ConfigError } from './options.ts'
import { type Migrations, statements } from './postgres.ts'
import type { Secrets } from './secrets.ts'

interface FingerprintTables {
  platform_fingerprints: { purpose: string; fingerprint: string }
}

export const fingerprintMigrations: Migrations = {
  platform_0003_fingerprints: statements(
    'create table platform_fingerprints (purpose text primary key, fingerprint text not null)',
  ),
}

/** Refuses a root secret other than the one this database was first used with: with another, nothing sealed could be
 *  opened again, and nodes would not know each other's tickets. */
export async function refuseForeignSecret(kysely: Kysely<unknown>, secrets: Secrets): Promise<void> {
  const tables = kysely as unknown as Kysely<FingerprintTables>
  const fingerprint = secrets.derive('fingerprint').subarray(0, 16).toString('hex')
  await tables
    .insertInto('platform_fingerprints')
    .values({ purpose: 'root', fingerprint })
    .onConflict((conflict) => conflict.column('purpose').doNothing())
    .execute()
  const kept = await tables
    .selectFrom('platform_fingerprints')
    .selectAll()
    .where('purpose', '=', 'root')
    .executeTakeFirst()
  if (kept?.fingerprint === fingerprint) return
  throw new ConfigError('The environment', [
    'MUSTER_SECRET_FILE: the database was made with another root secret. Give every node the same: copy secrets/root.key from the data folder of ' +
      'the first, or name it with MUSTER_SECRET_FILE',
  ])
}
