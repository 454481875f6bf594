import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cluster, clusterAt, clusterIn, type Passwords } from './cluster.ts'
import { livingPid, ownIdentity } from './processes.ts'
import type { Programs } from './programs.ts'
import { EmbeddedPostgresRefusal } from './refusal.ts'
import { type Ran, run } from './run.ts'
import { type RunAs, runAs, type User } from './run-as.ts'
import { asArguments } from './settings.ts'

/**
 * Makes the cluster under a name of its own and renames it when it is whole: being killed half-way leaves nothing that
 * a later start could take for data. Of two that do this at once, the second finds the first one's and uses it.
 */
export async function makeCluster(dataDir: string, programs: Programs, user: User, isDurable: boolean): Promise<void> {
  const draft = clusterAt(join(dataDir, draftName()))
  try {
    await makeFolders(draft, user)
    await fill(draft, programs)
    if (isDurable) await syncAll(draft, programs)
    await rename(draft.dir, clusterIn(dataDir).dir).catch((error: unknown) => {
      if (!existsSync(clusterIn(dataDir).dir)) throw error
    })
    await syncFolder(dataDir)
  } finally {
    await rm(draft.dir, { recursive: true, force: true })
  }
}

async function makeFolders({ dir, pgdata }: Cluster, user: User): Promise<void> {
  try {
    await mkdir(pgdata, { recursive: true, mode: 0o700 })
    if (user === undefined) return
    // Where PostgreSQL runs as another user and walks to its data, that user has to be let through.
    if (process.platform !== 'linux') await chmod(dir, 0o711)
    await chown(pgdata, user.uid, user.gid)
  } catch (error) {
    throw new EmbeddedPostgresRefusal(`The folder for PostgreSQL's data cannot be made: ${(error as Error).message}`)
  }
}

async function fill(draft: Cluster, programs: Programs): Promise<void> {
  const as = runAs(draft.pgdata)
  const passwords = { postgres: newPassword(), muster: newPassword() }
  await initdb(programs, as)
  await writeFile(join(draft.pgdata, 'pg_hba.conf'), accessRules(), { flush: true })
  await makeRoles(programs, as, passwords)
  await writeFile(join(draft.dir, 'passwords.json'), JSON.stringify(passwords), { mode: 0o600, flush: true })
}

/**
 * Everything was written without waiting for the disk, and is brought there now. Linux can do that for the whole file
 * system at once: 0.05 s, where waiting for each of a thousand files takes a second and more on a busy disk.
 */
async function syncAll(draft: Cluster, programs: Programs): Promise<void> {
  const as = runAs(draft.pgdata)
  const method = process.platform === 'linux' ? 'syncfs' : 'fsync'
  const args = ['--sync-only', `--sync-method=${method}`, '-D', as.dataArgument]
  refuseFailed('syncing', await run(programs.initdb, args, as.spawnOptions))
  await syncFolder(draft.dir)
}

async function initdb(programs: Programs, as: RunAs): Promise<void> {
  const order = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  // Nobody can connect until the rules are written: passwords come with the roles.
  const access = ['--username=postgres', '--auth=trust', '--no-instructions', '--no-sync']
  const args = ['-D', as.dataArgument, ...order, ...access, '--data-checksums']
  refuseFailed('initdb', await run(programs.initdb, args, as.spawnOptions))
}

/** Muster itself works as an ordinary role that owns its own database: a hole in a query opens no server. */
async function makeRoles(programs: Programs, as: RunAs, passwords: Passwords): Promise<void> {
  const statements = [
    `ALTER ROLE postgres PASSWORD '${passwords.postgres}'`,
    `CREATE ROLE muster LOGIN PASSWORD '${passwords.muster}'`,
    'CREATE DATABASE muster OWNER muster',
  ]
  const silent = { log_checkpoints: 'off', log_min_error_statement: 'panic' }
  const settings = asArguments({ exit_on_error: 'on', fsync: 'off', ...silent })
  const args = ['--single', '-D', as.dataArgument, ...settings, 'postgres']
  refuseFailed('setting up', await run(programs.postgres, args, as.spawnOptions, `${statements.join('\n')}\n`))
}

function accessRules(): string {
  const rules = ['local all all scram-sha-256', 'local replication postgres scram-sha-256']
  if (process.platform === 'win32') rules.push('host all all 127.0.0.1/32 scram-sha-256')
  return `${rules.join('\n')}\n`
}

function refuseFailed(step: string, ran: Ran): void {
  if (ran.ok) return
  const hint = ran.output.includes('could not look up effective user ID')
    ? '\nPostgreSQL wants its user to have an account: start Muster as a user that has one, or as root, or set DATABASE_URL.'
    : ''
  throw new EmbeddedPostgresRefusal(`The embedded PostgreSQL's data could not be made (${step}):\n${ran.output}${hint}`)
}

const newPassword = () => randomBytes(24).toString('base64url')

const draftName = () => `draft-${ownIdentity().replace('/', '-')}-${randomBytes(4).toString('hex')}`

/** Takes away what starts that were killed have left; a draft whose maker lives is left alone. */
export async function removeOldDrafts(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const [, pid, stamp] = /^draft-(\d+)-(.*)-[0-9a-f]{8}$/.exec(name) ?? []
    if (pid === undefined || livingPid(`${pid}/${stamp}`) !== undefined) continue
    // An initdb that outlived its Muster may still be writing there: then the next start takes it away.
    await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
  }
}

/** Makes names in a folder last through a power cut; Windows cannot open folders, and needs no such thing. */
async function syncFolder(dir: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
