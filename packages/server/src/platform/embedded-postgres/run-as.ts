import { statSync } from 'node:fs'

/** PostgreSQL refuses to run as root. This user owns nothing by convention, and needs no account to be made. */
const UNPRIVILEGED_ID = 65534

export type User = { uid: number; gid: number } | undefined

/** Under which user, and from where, PostgreSQL's programs run on one folder of data. */
export interface RunAs {
  /** Undefined when they run as the user that Muster runs as. */
  user: User
  /** What to give as `-D`. */
  dataArgument: string
  spawnOptions: { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number }
}

/**
 * As root, PostgreSQL runs as the owner of the data, or, where root owns that too, as an unprivileged user.
 * Such a user often cannot walk to the data (`/root` is closed to others), and should not have to: on Linux the
 * program is started inside the folder, before it gives up root, and calls it `/proc/self/cwd` from then on.
 */
export function runAs(pgdata: string): RunAs {
  const user = isRoot() ? unprivilegedUser(pgdata) : undefined
  const dataArgument = user && process.platform === 'linux' ? '/proc/self/cwd' : pgdata
  return { user, dataArgument, spawnOptions: { cwd: pgdata, env: childEnvironment(), ...user } }
}

export function isRoot(): boolean {
  return process.platform !== 'win32' && process.geteuid?.() === 0
}

function unprivilegedUser(pgdata: string) {
  const { uid, gid } = statSync(pgdata, { throwIfNoEntry: false }) ?? { uid: 0, gid: 0 }
  return { uid: uid || UNPRIVILEGED_ID, gid: gid || UNPRIVILEGED_ID }
}

/** Nothing of Muster's own environment: it may hold secrets, and PGDATA or PGPORT would change what is started. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const plain = { LC_ALL: 'C', TZ: 'UTC' }
  if (process.platform !== 'win32') return { ...plain, PATH: '/usr/local/bin:/usr/bin:/bin' }
  const { SystemRoot, TEMP, PATH } = process.env
  return { ...plain, SystemRoot, TEMP, PATH }
}
