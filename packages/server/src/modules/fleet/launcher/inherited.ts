import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'

/** Up to here a file may stay open in Muster: shells hand theirs down below 256, as for `flock`. */
const coveredMax = 511
/** `O_CLOEXEC`, in the octal digits of `/proc/self/fdinfo`. */
const closesOnExec = 0o2_000_000

/** What a started program is handed beyond its first three files. */
export type FurtherFiles = readonly (number | 'ignore')[]

/**
 * Whoever started Muster may have left files open in it that every program started from here would be handed in turn:
 * Node opens its own so that they close, but sees only to the first sixteen of those that it finds. Node cannot close a
 * file in what it starts either, so an empty one takes its place. What is numbered beyond any use is closed in Muster.
 * Elsewhere than on Linux it cannot be told.
 */
export function coverInherited(): FurtherFiles {
  if (process.platform !== 'linux') return []
  const inherited = readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => fd > 2 && isHandedDown(fd))
  for (const fd of inherited) if (fd > coveredMax) closeSync(fd)
  const covered = inherited.filter((fd) => fd <= coveredMax)
  if (covered.length === 0) return []
  // For as long as Muster runs.
  const empty = openSync(devNull, 'r')
  return Array.from({ length: Math.max(...covered) - 2 }, (_, at) => (covered.includes(at + 3) ? empty : 'ignore'))
}

function isHandedDown(fd: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & closesOnExec) === 0
  } catch {
    // It was open only to list the others.
    return false
  }
}
