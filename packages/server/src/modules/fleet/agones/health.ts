import type { Cancel, Clock } from '../../../platform/clock.ts'
import type { HealthOptions } from './config.ts'

/** Watches that a server says in time that it is well. */
export interface Health {
  ping(): void
  stop(): void
}

/**
 * As Agones counts: after the initial delay, each period without a ping is a missed one, and a ping forgives all. Where
 * Muster itself was not there to hear (it was held up for longer than a period), nothing was missed.
 *
 * With `fromFirstPing` nothing is missed before the first: a server that was taken over lost its stream of pings with the
 * Muster before, and the SDKs of Agones open no other.
 */
export function watchHealth(
  clock: Clock,
  options: HealthOptions,
  { fromFirstPing }: { fromFirstPing: boolean },
  onMissed: () => void,
): Health {
  const periodMs = options.periodSeconds * 1_000
  const patienceMs = periodMs * options.failureThreshold
  let heardAt = clock.now() + options.initialDelaySeconds * 1_000
  let cancel: Cancel = () => undefined
  let over = options.disabled
  let begun = false

  function look(): void {
    begun = true
    const dueAt = heardAt + patienceMs
    cancel = clock.after(dueAt - clock.now(), () => {
      if (over) return
      const now = clock.now()
      // A ping moved the time meanwhile.
      if (now < heardAt + patienceMs) return look()
      if (now > dueAt + periodMs) {
        heardAt = now
        return look()
      }
      over = true
      onMissed()
    })
  }
  if (!over && !fromFirstPing) look()

  return {
    ping: () => {
      heardAt = Math.max(heardAt, clock.now())
      if (!begun && !over) look()
    },
    stop: () => {
      over = true
      cancel()
    },
  }
}
