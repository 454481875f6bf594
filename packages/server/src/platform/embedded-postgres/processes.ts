import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What the operating system knows of a living process. */
export interface ProcessFacts {
  /** The program and its arguments, joined by spaces. */
  commandLine: string
  /** When it started, in the system's own words: a reused pid has another stamp. */
  stamp: string
}

/** Undefined when nobody lives under this pid. A zombie is dead, although signals still reach it. */
export function processFacts(pid: number): ProcessFacts | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  if (process.platform === 'linux') return factsFromProc(pid)
  return process.platform === 'win32' ? factsFromWindows(pid) : factsFromPs(pid)
}

export function isAlive(pid: number): boolean {
  return processFacts(pid) !== undefined
}

/** Whether a signal would find somebody, be it a zombie: what PostgreSQL takes for life. */
export function signalReaches(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** This process as others will look it up: its pid, and its stamp against reuse of the pid. */
export function ownIdentity(): string {
  return `${process.pid}/${processFacts(process.pid)?.stamp ?? ''}`
}

/** The pid inside an identity, if that very process still lives. */
export function livingPid(identity: string): number | undefined {
  const [pid, stamp] = identity.split('/')
  const facts = processFacts(Number(pid))
  return facts !== undefined && facts.stamp === stamp ? Number(pid) : undefined
}

/** The pids whose command line contains `words`; Linux only, elsewhere none. */
export function pidsSaying(words: string): number[] {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  return pids.map(Number).filter((pid) => pid !== process.pid && factsFromProc(pid)?.commandLine.includes(words))
}

function factsFromProc(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The program's name stands in brackets and may itself hold spaces and brackets; what follows is plain.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X' || state === 'x') return undefined
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ')
    return { commandLine, stamp: rest[18] ?? '' }
  } catch {
    return undefined
  }
}

function factsFromPs(pid: number): ProcessFacts | undefined {
  const asked = spawnSync('ps', ['-ww', '-o', 'stat=,lstart=,command=', '-p', String(pid)], { encoding: 'utf8' })
  const found = /^(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec((asked.stdout ?? '').trim())
  const [, state, started, commandLine] = found ?? []
  if (!state || !started || commandLine === undefined || state.startsWith('Z')) return undefined
  return { commandLine, stamp: started.replaceAll(/\W+/g, '-') }
}

function factsFromWindows(pid: number): ProcessFacts | undefined {
  const script = `$p = Get-CimInstance Win32_Process -Filter "ProcessId=${pid}"; if ($p) { $p.CreationDate.Ticks; $p.CommandLine }`
  const asked = spawnSync('powershell', ['-NoProfile', '-Command', script], { encoding: 'utf8' })
  const [stamp, ...commandLine] = (asked.stdout ?? '').trim().split(/\r?\n/)
  return stamp ? { commandLine: commandLine.join(' ').replaceAll('"', ''), stamp } : undefined
}
