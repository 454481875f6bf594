import { constants } from 'node:os'
import type { Log } from '../../platform/log.ts'

export interface Told {
  /** Resolves when the process is told to stop. */
  stop: Promise<void>
}

/** Listens for SIGTERM and SIGINT from now on: the first asks for a stop in good order, the second ends at once. A
 *  failure that nobody caught ends the process too, for nobody knows what state it left behind. */
export function untilTold(log: Log): Told {
  const stop = new Promise<void>((resolve) => {
    let asked = false
    const begin = (why: string) => {
      asked = true
      log.info({ why }, 'stopping: what is under way ends first; a further signal ends it at once')
      resolve()
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (!asked) return begin(signal)
        log.warn({ why: signal }, 'ending at once')
        process.exit(128 + constants.signals[signal])
      })
    }
    // Whoever started this one with a channel takes it along when it ends.
    if (process.channel !== undefined) process.once('disconnect', () => asked || begin('its parent is gone'))
  })
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a failure that nobody caught')
    process.exit(1)
  })
  return { stop }
}
