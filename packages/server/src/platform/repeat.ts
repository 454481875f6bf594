import type { Cancel, Clock } from './clock.ts'
import type { Log } from './log.ts'
import { jittered, type Random } from './random.ts'

export interface Repeating {
  /** Runs soon, or once more after the run that is under way. */
  nudge(): void
  /** No run begins after this; resolves when the one under way has ended. */
  stop(): Promise<void>
}

/** Runs again and again, one at a time, about `everyMs` after the last ended; a failure is logged and the next run comes. */
export function repeating(
  ground: { clock: Clock; random: Random; log: Log },
  name: string,
  everyMs: number,
  run: () => Promise<unknown>,
): Repeating {
  let stopped = false
  let nudged = false
  let running: Promise<void> | null = null
  let cancel: Cancel = () => undefined

  const begin = () => {
    cancel()
    if (stopped || running !== null) return
    nudged = false
    running = Promise.resolve()
      .then(run)
      .catch((error: unknown) => ground.log.warn({ err: error, job: name }, 'a periodic job failed'))
      .then(() => {
        running = null
        if (stopped) return
        cancel = ground.clock.after(nudged ? 0 : jittered(ground.random, everyMs), begin)
      })
  }
  cancel = ground.clock.after(jittered(ground.random, everyMs), begin)

  return {
    nudge() {
      if (nudged || stopped) return
      nudged = true
      if (running !== null) return
      cancel()
      cancel = ground.clock.after(0, begin)
    },
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}
