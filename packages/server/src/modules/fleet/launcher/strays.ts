import type { ServerId } from '@muster/protocol'
import type { Log } from '../../../platform/log.ts'
import type { Machine, MarkedProcess } from './machine.ts'

/** Ends processes that nobody answers for: their server is over, or was never written down. */
export interface Strays {
  /** Some were found and have not been seen to end. */
  readonly any: boolean
  /** Called with all marked processes there are, and the servers somebody answers for. */
  end(found: readonly MarkedProcess[], known: ReadonlySet<ServerId>, now: number): void
}

/** How many are named; a fork bomb leaves as many as it was allowed. */
const namedMax = 5

/** They are asked to end at first sight, and killed when seen again after the grace. */
export function createStrays(log: Log, machine: Machine, graceMs: number): Strays {
  let asked = new Map<string, number>()

  const send = ({ pid, startMark, leads }: MarkedProcess, signal: NodeJS.Signals) => {
    if (machine.startMarkOf(pid) !== startMark) return
    try {
      if (leads) machine.signalGroup(pid, signal)
      else machine.signalOne(pid, signal)
    } catch (error) {
      log.warn({ err: error, pid }, 'a stray server process could not be ended')
    }
  }

  return {
    get any() {
      return asked.size > 0
    },
    end(found, known, now) {
      const seen = new Map<string, number>()
      const fresh = new Map<ServerId, number[]>()
      for (const stray of found) {
        if (known.has(stray.server)) continue
        const name = `${stray.pid} ${stray.startMark}`
        const since = asked.get(name)
        seen.set(name, since ?? now)
        if (since === undefined) {
          const pids = fresh.get(stray.server) ?? []
          fresh.set(stray.server, pids)
          pids.push(stray.pid)
          send(stray, 'SIGTERM')
        } else if (since + graceMs <= now) {
          send(stray, 'SIGKILL')
        }
      }
      for (const [server, pids] of fresh) {
        log.warn({ server, processes: pids.length, pids: pids.slice(0, namedMax) }, 'stray server processes are ended')
      }
      asked = seen
    },
  }
}
