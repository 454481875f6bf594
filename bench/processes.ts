import { readdirSync, readFileSync } from 'node:fs'

/** What Linux tells of processes in /proc; elsewhere nothing is known, and the figures are left out. */
const ticksPerSecond = 100

interface Stat {
  pid: number
  parent: number
  cpuS: number
  /** Of children that have ended and were waited for. */
  endedCpuS: number
}

function statOf(pid: number): Stat | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return null
  }
  // The program's name stands in brackets and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = (at: number) => Number(fields[at]) / ticksPerSecond
  return { pid, parent: Number(fields[1]), cpuS: ticks(11) + ticks(12), endedCpuS: ticks(13) + ticks(14) }
}

/** All that descend from a process, it not included. */
function descendantsOf(root: number): Stat[] {
  if (process.platform !== 'linux') return []
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(Number(name)) ?? []) : []))
  const found: Stat[] = []
  const reached = new Set([root])
  for (let grew = true; grew; ) {
    const next = all.filter(({ pid, parent }) => reached.has(parent) && !reached.has(pid))
    for (const stat of next) reached.add(stat.pid)
    found.push(...next)
    grew = next.length > 0
  }
  return found
}

/** Processor time so far: of the process itself, and of the PostgreSQL below it. */
export function cpuSecondsOf(pid: number): { own: number; below: number } {
  const below = descendantsOf(pid).reduce((sum, { cpuS, endedCpuS }) => sum + cpuS + endedCpuS, 0)
  return { own: statOf(pid)?.cpuS ?? Number.NaN, below }
}

/** Memory, each shared page counted in proportion to who shares it. */
export function memoryMiBOf(pid: number): { own: number; below: number } {
  const pss = (one: number): number => {
    try {
      return Number(/^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1]) / 1_024
    } catch {
      return 0
    }
  }
  return { own: pss(pid), below: descendantsOf(pid).reduce((sum, one) => sum + pss(one.pid), 0) }
}
