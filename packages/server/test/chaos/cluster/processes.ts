import { readdirSync, readFileSync } from 'node:fs'

const read = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

const allPids = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid))

/** A process that has ended and is not yet fetched by its parent is no process any more. */
export const isAlive = (pid: number): boolean => /^State:\s+[^ZX]/m.test(read(pid, 'status'))

/** Those that descend from these, and these themselves, parents first. */
export function familyOf(pids: readonly number[]): number[] {
  const children = new Map<number, number[]>()
  for (const pid of allPids()) {
    // The name stands in brackets and may hold anything, so what follows its end is read.
    const parent = Number(
      read(pid, 'stat')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    )
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const family = [...pids]
  for (const pid of family) family.push(...(children.get(pid) ?? []).filter((child) => !family.includes(child)))
  return family.filter(isAlive)
}

/** Processes whose command line or environment names that folder, this one left out. */
export const processesNaming = (mark: string): number[] =>
  allPids().filter(
    (pid) => pid !== process.pid && isAlive(pid) && (read(pid, 'cmdline') + read(pid, 'environ')).includes(mark),
  )

export const commandLineOf = (pid: number): string => read(pid, 'cmdline').replaceAll('\0', ' ').trim()

/** False where there is no such process any more. */
export function signal(pid: number, what: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, what)
  } catch {
    return false
  }
}

/** Ends them by force, with all that descend from them: a stopped process notices nothing else. */
export function endFamily(pids: readonly number[]): void {
  for (const pid of familyOf(pids)) signal(pid, 'SIGKILL')
}
