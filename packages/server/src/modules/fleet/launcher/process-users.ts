import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { statusFields } from './isolation.ts'

/** What runs as one user. */
export interface UserProcesses {
  /** Zombies are none: they are dead, and hold nothing but their number. */
  pids: number[]
  zombies: number
  /** Resident memory that is nobody's file. Pages that several processes share count in each. */
  memoryBytes: number
}

/** After so many files, others of this process have their turn. */
const readTogether = 64

/** What runs as each user of a range, told by any of the identities that a process may have. */
export async function processesByUser(first: number, last: number): Promise<Map<number, UserProcesses>> {
  const found = new Map<number, UserProcesses>()
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  for (const [at, pid] of pids.entries()) {
    if (at % readTogether === readTogether - 1) await setImmediate()
    const status = statusOf(pid)
    for (const uid of uidsIn(status)) {
      if (uid < first || uid > last) continue
      const fields = statusFields(status)
      const user = found.get(uid) ?? { pids: [], zombies: 0, memoryBytes: 0 }
      found.set(uid, user)
      if (/^[ZX]/.test(fields.get('State') ?? '')) user.zombies++
      else user.pids.push(Number(pid))
      user.memoryBytes += kibibytes(fields.get('RssAnon')) + kibibytes(fields.get('RssShmem'))
    }
  }
  return found
}

/** The kernel writes it as it is read, so there is nothing to wait for; waiting all the same costs five times as much. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1')
  } catch {
    return ''
  }
}

const uidsIn = (status: string): Set<number> =>
  new Set((/^Uid:\t(.*)$/m.exec(status)?.[1] ?? '').split('\t').filter(Boolean).map(Number))

/** The same with each shared page counted once. It takes the kernel a walk through every page. */
export async function memoryTogether(pids: readonly number[]): Promise<number | null> {
  let bytes = 0
  for (const pid of pids) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch((error: NodeJS.ErrnoException) => error)
    if (rollup instanceof Error) {
      // Ended meanwhile; or Muster may not look, as in a container without CAP_SYS_PTRACE.
      if (rollup.code === 'EACCES' || rollup.code === 'EPERM') return null
      continue
    }
    const fields = statusFields(rollup)
    bytes += kibibytes(fields.get('Pss_Anon')) + kibibytes(fields.get('Pss_Shmem'))
  }
  return bytes
}

const kibibytes = (text: string | undefined) => Number.parseInt(text ?? '0', 10) * 1_024
