import { readdir, readFile } from 'node:fs/promises'

/** A process, and what tells it from a later one of the same number. */
export interface ProcessName {
  pid: number
  /** When it began, as the system counts; empty where the system does not say. */
  startMark: string
}

export interface MarkedProcess extends ProcessName {
  server: string
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets, so it is cut off first. */
async function statOf(pid: number): Promise<{ state: string; startMark: string } | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', startMark: fields[19] ?? '' }
  } catch {
    return null
  }
}

const hasProc = process.platform === 'linux'

export const startMarkOf = async (pid: number): Promise<string> => (await statOf(pid))?.startMark ?? ''

/** Whether that very process runs. A zombie has ended. */
export async function isRunning({ pid, startMark }: ProcessName): Promise<boolean> {
  if (hasProc) {
    const stat = await statOf(pid)
    return stat !== null && stat.state !== 'Z' && stat.startMark === startMark
  }
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Processes that were launched under this node's name, as far as this user may look. Elsewhere than on Linux, none. */
export async function launchedBy(node: string): Promise<MarkedProcess[]> {
  if (!hasProc) return []
  const found: MarkedProcess[] = []
  const names = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  for (const name of names) {
    const text = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '')
    if (!text.includes(`MUSTER_LAUNCHER=${node}`)) continue
    const variables = new Map(
      text.split('\0').map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
    )
    const server = variables.get('MUSTER_SERVER_ID')
    const stat = await statOf(Number(name))
    if (variables.get('MUSTER_LAUNCHER') !== node || server === undefined || stat === null || stat.state === 'Z')
      continue
    found.push({ pid: Number(name), startMark: stat.startMark, server })
  }
  return found
}

/** To every process of the group that `pid` leads, or led: a group's number is not given anew while it has members. */
export function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Nobody is left to be told.
  }
}
