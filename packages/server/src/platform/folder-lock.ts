import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { livingPid, ownIdentity } from './embedded-postgres/processes.ts'
import { until } from './embedded-postgres/until.ts'
import { ConfigError } from './options.ts'

/** A process that was killed a moment ago may still be seen. */
const ownerPatienceMs = 1_000
const triesMax = 5

/**
 * Keeps a second node of this machine from a folder: both would bear one name, and each would end the other's game servers
 * as its own. The file holds who has it; one whose process is gone is taken over. Throws ConfigError.
 */
export async function lockFolder(path: string): Promise<AsyncDisposable> {
  const own = ownIdentity()
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, own)
  try {
    for (let tries = 0; tries < triesMax; tries++) {
      if (await linked(draft, path)) return { [Symbol.asyncDispose]: () => release(path, own) }
      const owner = await readFile(path, 'utf8').catch(() => null)
      if (owner === null) continue
      const gone = await until(() => (livingPid(owner) === undefined ? true : undefined), ownerPatienceMs)
      if (gone === undefined) throw inUse(path, livingPid(owner))
      removeStale(path, owner)
    }
    throw inUse(path, undefined)
  } finally {
    await rm(draft, { force: true })
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** The file is moved first and looked at afterwards, so that one that somebody else has made meanwhile is put back. */
function removeStale(path: string, owner: string): void {
  const moved = `${path}.stale-${process.pid}`
  try {
    renameSync(path, moved)
    if (readFileSync(moved, 'utf8') !== owner) linkSync(moved, path)
  } catch {
    // Somebody else was first; who has it is seen at the next look.
  }
  rmSync(moved, { force: true })
}

async function release(path: string, own: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => null)) === own) await rm(path, { force: true })
}

const inUse = (path: string, pid: number | undefined) =>
  new ConfigError('The environment', [
    `MUSTER_DATA: ${dirname(path)} is in use by another Muster${pid === undefined ? '' : ` (process ${pid})`}: give each node a data folder of its own`,
  ])
