export type Cancel = () => void

/** Time, for everything that is not `platform/`. `now()` is milliseconds since the epoch. */
export interface Clock {
  now(): number
  /** Runs once after `delayMs`; a timer never keeps the process alive. */
  after(delayMs: number, run: () => void): Cancel
}

const timer = (delayMs: number, run: () => void): Cancel => {
  const handle = setTimeout(run, Math.min(Math.max(0, delayMs), 2_147_483_647))
  handle.unref()
  return () => clearTimeout(handle)
}

/** The machine's own clock. It steps only when the machine's clock is set. */
export const systemClock: Clock = { now: () => Date.now(), after: timer }

export interface SyncedClock extends Clock, AsyncDisposable {
  /** Measured last; how far this machine's monotonic time is from the reference. */
  readonly uncertaintyMs: () => number
}

/** What a machine knows of time by itself: how much of it passes. */
export interface Machine {
  /** Grows evenly, from no agreed beginning. */
  monotonicMs(): number
  after: Clock['after']
}

const realMachine: Machine = { monotonicMs: () => performance.now(), after: timer }

/**
 * A clock that follows a reference (the database's), so that nodes agree on the time though their own clocks may be
 * minutes apart. Between measurements it runs on the monotonic clock. The reference is read anew every `everyMs`;
 * a measurement counts with half its round trip as uncertainty, and a slow one is thrown away.
 */
export async function syncClock(
  readReference: () => Promise<number>,
  { monotonicMs, after }: Machine = realMachine,
  everyMs = 10_000,
): Promise<SyncedClock> {
  let offsetMs = 0
  let uncertaintyMs = Number.POSITIVE_INFINITY
  let latest = 0

  const measure = async () => {
    const sentAt = monotonicMs()
    const reference = await readReference()
    const halfTripMs = (monotonicMs() - sentAt) / 2
    if (halfTripMs > 500 && uncertaintyMs <= halfTripMs) return
    offsetMs = reference + halfTripMs - monotonicMs()
    uncertaintyMs = halfTripMs
  }
  await measure()
  let cancel: Cancel = () => undefined
  const measureAgain = () => {
    cancel = after(everyMs, measureAgain)
    void measure().catch(() => undefined)
  }
  cancel = after(everyMs, measureAgain)

  return {
    now: () => {
      // A small correction must never make time run backwards for who compares two readings.
      latest = Math.max(latest, Math.floor(monotonicMs() + offsetMs))
      return latest
    },
    after,
    uncertaintyMs: () => uncertaintyMs,
    [Symbol.asyncDispose]: async () => cancel(),
  }
}

/** Resolves after `delayMs` on that clock. */
export const sleep = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => void clock.after(delayMs, resolve))

/** RFC 3339 with milliseconds, as the wire has it. */
export const timeText = (atMs: number): string => new Date(atMs).toISOString()
