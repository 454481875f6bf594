import { constants } from 'node:os'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'

export interface Told {
  /** Resolves when the process is told to stop. */
  stop: Promise<void>
}

/** Signals this soon after the first are the first once more: npm hands on the one that the terminal, or `timeout`, has
 *  already sent to every process of the group. */
export const sameSignalMs = 1_000

/** As much of the process as it takes. */
type Signalled = Pick<NodeJS.Process, 'on' | 'once' | 'exit' | 'channel'>

/** Listens for SIGTERM and SIGINT from now on: the first asks for a stop in good order, one that comes a second later or
 *  more ends at once. A failure that nobody caught ends the process too, for nobody knows what state it left behind. */
export function untilTold(log: Log, clock: Clock, from: Signalled = process): Told {
  const stop = new Promise<void>((resolve) => {
    let asked = false
    let isMeant = false
    const begin = (why: string) => {
      asked = true
      clock.after(sameSignalMs, () => {
        isMeant = true
      })
      log.info({ why }, 'stopping: what is under way ends first; a further signal, from a second on, ends it at once')
      resolve()
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      from.on(signal, () => {
        if (!asked) return begin(signal)
        if (!isMeant) return
        log.warn({ why: signal }, 'ending at once')
        from.exit(128 + constants.signals[signal])
      })
    }
    // Whoever started this one with a channel takes it along when it ends.
    if (from.channel !== undefined) from.once('disconnect', () => asked || begin('its parent is gone'))
  })
  from.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a failure that nobody caught')
    from.exit(1)
  })
  return { stop }
}
