import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** What `postmaster.pid` says: the file by which PostgreSQL keeps a second server from the same data. */
export interface PostmasterFile {
  pid: number
  port: number
  /** As the server was told it; `.` is the folder of the data. */
  socketDir: string
  isReady: boolean
}

export function readPostmasterFile(pgdata: string): PostmasterFile | undefined {
  const path = join(pgdata, 'postmaster.pid')
  const pid = pidIn(path)
  const lines = read(path)?.split('\n')
  if (pid === undefined || lines === undefined) return undefined
  const [, , , port, socketDir = '', , , status] = lines
  return { pid, port: Number(port), socketDir, isReady: status?.trim() === 'ready' }
}

/** Undefined too while the file is still empty: whoever makes it is about to fill it. */
export function pidIn(lockFile: string): number | undefined {
  const pid = Math.abs(Number.parseInt(read(lockFile) ?? '', 10))
  return pid > 0 ? pid : undefined
}

/**
 * PostgreSQL believes a lock file whose pid lives, even if that pid has long been given to another process (in a
 * container, after every restart) or is a zombie's. To be called when `pid` is known to be no server of this data.
 * The file is moved first and looked at afterwards, so that one that was made in the meantime is put back.
 */
export function removeStaleLockFile(path: string, pid: number): void {
  const moved = `${path}.stale-${process.pid}`
  try {
    renameSync(path, moved)
  } catch {
    return
  }
  if (pidIn(moved) !== pid) {
    try {
      linkSync(moved, path)
    } catch {
      // Yet another one was made meanwhile, and that one counts.
    }
  }
  rmSync(moved, { force: true })
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
