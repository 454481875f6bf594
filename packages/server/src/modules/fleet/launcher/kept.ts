import type { ServerId } from '@muster/protocol'
import type { Exit } from './child.ts'
import type { OutputFolder, Tail } from './output.ts'

/** What a launcher remembers of a process, beside its row. All of it can be found again after a crash. */
export interface KeptProcess {
  tail: Tail
  exit: Exit | null
  /** Its session is over; until then it may go on by itself. */
  lingersUntil: number | null
  /** It was told to end, and is killed then. */
  killAt: number | null
  /** Seen to run at the last look, with its server not gone. */
  lives: boolean
  /** It printed something since its output was written down. */
  hasNews: boolean
}

/** By server; a process that nobody asked about for a whole round is forgotten. */
export function createMemory(output: OutputFolder) {
  const kept = new Map<ServerId, KeptProcess>()
  return {
    of(server: ServerId): KeptProcess {
      const known = kept.get(server)
      if (known !== undefined) return known
      const fresh = {
        ...{ tail: output.tail(server), exit: null, lingersUntil: null, killAt: null },
        ...{ lives: false, hasNews: false },
      }
      kept.set(server, fresh)
      return fresh
    },
    has: (server: ServerId): boolean => kept.has(server),
    entries: (): [ServerId, KeptProcess][] => [...kept],
    keepOnly(servers: ReadonlySet<ServerId>) {
      for (const server of kept.keys()) if (!servers.has(server)) kept.delete(server)
    },
  }
}

export type Memory = ReturnType<typeof createMemory>
