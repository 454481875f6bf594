import type { ServerId } from '@muster/protocol'
import type { Log } from '../../../platform/log.ts'
import type { Machine } from './machine.ts'

/** Ends whatever still runs as the user of a server that is over, and takes such users back; ends a server that holds
 *  more memory than it may. */
export interface Leftovers {
  /** That server was seen to end: nobody is left who could be asked to. */
  noteEnded(server: ServerId): void
  /** Called with the servers somebody answers for. Whoever else is found has the grace of a stray. Tells how many of those
   *  seen to end may have left something. */
  end(known: ReadonlySet<ServerId>, now: number): Promise<number>
}

export function createLeftovers(log: Log, machine: Machine, node: string, graceMs: number): Leftovers {
  const ended = new Set<ServerId>()
  let met = new Map<ServerId, number>()

  return {
    noteEnded: (server) => void ended.add(server),
    async end(known, now) {
      const seen = new Map<ServerId, number>()
      const users = await machine.usersOf(node)
      for (const { server, pids, memoryBytes, memoryBytesMax } of users) {
        if (known.has(server)) {
          if (memoryBytes <= memoryBytesMax) continue
          log.warn({ server, memoryBytes, memoryBytesMax }, 'a server holds more memory than it may, and is ended')
          await machine.endUser(server)
          continue
        }
        const since = met.get(server) ?? now
        seen.set(server, since)
        if (pids.length > 0 && !ended.has(server) && now < since + graceMs) continue
        if (pids.length > 0) log.warn({ server, processes: pids.length }, 'what a server left running is ended')
        await machine.endUser(server)
      }
      met = seen
      const holding = new Set(users.map(({ server }) => server))
      for (const server of ended) if (!holding.has(server)) ended.delete(server)
      return ended.size
    },
  }
}
