import { spawnSync } from 'node:child_process'
import { isAlive } from './processes.ts'
import type { Programs } from './programs.ts'
import { until } from './until.ts'

/** Each way of ending a server, gentle first, and how long it is given before the next. */
const WAYS = [
  /** Ends sessions, writes everything out. */
  { signal: 'SIGINT', patienceMs: 10_000 },
  /** Ends at once; the next start recovers from the log. The postmaster itself kills, after 5 s, workers that hang. */
  { signal: 'SIGQUIT', patienceMs: 8_000 },
  /** Workers notice that their postmaster is gone, and end. */
  { signal: 'SIGKILL', patienceMs: 5_000 },
] as const

/** Ends a server, whatever it takes. Committed work is safe in each way. */
export async function endPostmaster(pid: number, programs: Programs): Promise<void> {
  for (const { signal, patienceMs } of WAYS) {
    send(pid, signal, programs)
    // A server that is paused takes the signal only once it goes on.
    if (process.platform !== 'win32') send(pid, 'SIGCONT', programs)
    if (await until(() => (isAlive(pid) ? undefined : true), patienceMs)) return
  }
  throw new Error(`PostgreSQL (process ${pid}) does not end, not even when killed.`)
}

function send(pid: number, signal: (typeof WAYS)[number]['signal'] | 'SIGCONT', programs: Programs): void {
  if (process.platform === 'win32' && signal !== 'SIGKILL') {
    // Windows knows no signals: PostgreSQL brings its own, and a program to send them.
    spawnSync(programs.pgCtl, ['kill', signal.slice(3), String(pid)], { windowsHide: true })
    return
  }
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
