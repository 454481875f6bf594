import type { ServerId } from '@muster/protocol'
import type { Log } from '../../../platform/log.ts'
import type { Machine } from './machine.ts'
import type { TakenUser } from './server-users.ts'

/** Ends whatever still runs as the user of a server that is over, and takes such users back; ends a server that holds
 *  more memory than it may. */
export interface Leftovers {
  /** That server was seen to end: nobody is left who could be asked to. */
  noteEnded(server: ServerId): void
  /** Called with the servers somebody answers for. Whoever else is found has the grace of a stray. */
  end(known: ReadonlySet<ServerId>, now: number): Promise<void>
  /** Ends what those seen to end have left, and nothing else. Tells how many of them may have left something. */
  settle(): Promise<number>
}

export function createLeftovers(log: Log, machine: Machine, node: string, graceMs: number): Leftovers {
  const ended = new Set<ServerId>()
  let met = new Map<ServerId, number>()

  /** What belongs to servers; who was seen to end and has nothing any more is forgotten. */
  async function look(): Promise<TakenUser[]> {
    const users = await machine.usersOf(node)
    const holding = new Set(users.map(({ server }) => server))
    for (const server of ended) if (!holding.has(server)) ended.delete(server)
    return users
  }

  async function endUser({ server, pids }: TakenUser): Promise<void> {
    if (pids.length > 0) log.warn({ server, processes: pids.length }, 'what a server left running is ended')
    await machine.endUser(server)
  }

  return {
    noteEnded: (server) => void ended.add(server),
    async end(known, now) {
      const seen = new Map<ServerId, number>()
      for (const user of await look()) {
        const { server, pids, memoryBytes, memoryBytesMax } = user
        if (known.has(server)) {
          if (memoryBytes <= memoryBytesMax) continue
          log.warn({ server, memoryBytes, memoryBytesMax }, 'a server holds more memory than it may, and is ended')
          await machine.endUser(server)
          continue
        }
        const since = met.get(server) ?? now
        seen.set(server, since)
        if (pids.length === 0 || ended.has(server) || now >= since + graceMs) await endUser(user)
      }
      met = seen
    },
    async settle() {
      for (const user of await look()) if (ended.has(user.server)) await endUser(user)
      return ended.size
    },
  }
}
