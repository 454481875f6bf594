import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EmbeddedPostgresRefusal } from './refusal.ts'

/**
 * What PostgreSQL calls a cluster: its databases' files. Everything that belongs together lies in one folder, so that it
 * appears by one rename:
 *
 *     <dataDir>/cluster/               closed to all but Muster's own user
 *                      pgdata/         PostgreSQL's files, owned by the user that it runs as
 *                      passwords.json  readable by Muster's own user only
 */
export interface Cluster {
  dir: string
  pgdata: string
}

/** Made once, and never sent over a network: they keep the machine's other users out. */
export interface Passwords {
  postgres: string
  muster: string
}

export const clusterAt = (dir: string): Cluster => ({ dir, pgdata: join(dir, 'pgdata') })

export const clusterIn = (dataDir: string): Cluster => clusterAt(join(dataDir, 'cluster'))

export async function readPasswords({ dir }: Cluster): Promise<Passwords> {
  return JSON.parse(await readFile(join(dir, 'passwords.json'), 'utf8')) as Passwords
}

export async function refuseOtherVersion({ dir, pgdata }: Cluster, major: string): Promise<void> {
  const written = (await readFile(join(pgdata, 'PG_VERSION'), 'utf8').catch(() => '(which one is not said)')).trim()
  if (written === major) return
  throw new EmbeddedPostgresRefusal(
    [
      `The data in ${dir} was written by PostgreSQL ${written}, and this Muster brings PostgreSQL ${major}, which cannot read it.`,
      'Start the Muster that wrote it and copy the data out with `pg_dump`; then move that folder away, start this Muster',
      'once to make a new one, and load the copy with `psql`. Or go on with the Muster that wrote it. Nothing was changed.',
    ].join('\n'),
  )
}

/** Data that root made belongs to another user, and nobody but root can start it. */
export async function refuseOthersData({ dir }: Cluster): Promise<void> {
  const { uid } = await stat(dir)
  const ownUid = process.geteuid?.() ?? uid
  if (ownUid === 0 || uid === ownUid) return
  throw new EmbeddedPostgresRefusal(
    `The data in ${dir} belongs to uid ${uid}, and this process is uid ${ownUid}. ` +
      `Start Muster as that user, or hand the whole folder over: chown -R ${ownUid} ${dir}`,
  )
}
