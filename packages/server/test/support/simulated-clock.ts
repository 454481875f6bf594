import type { Cancel, Clock } from '../../src/platform/clock.ts'

export interface SimulatedClock extends Clock {
  /** Moves on by `spanMs`, running what falls due in order, and letting promises settle in between. */
  advance(spanMs: number): Promise<void>
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Time that moves only when told to. */
export function simulatedClock(startMs = Date.UTC(2026, 0, 1)): SimulatedClock {
  let now = startMs
  let count = 0
  const timers = new Map<number, { atMs: number; run: () => void }>()

  const nextDue = (untilMs: number) => {
    let due: { id: number; atMs: number; run: () => void } | null = null
    for (const [id, timer] of timers) {
      if (timer.atMs <= untilMs && (due === null || timer.atMs < due.atMs)) due = { id, ...timer }
    }
    return due
  }

  return {
    now: () => now,
    after(delayMs, run): Cancel {
      const id = count++
      timers.set(id, { atMs: now + Math.max(0, Math.ceil(delayMs)), run })
      return () => void timers.delete(id)
    },
    async advance(spanMs) {
      const untilMs = now + spanMs
      await settle()
      for (let due = nextDue(untilMs); due !== null; due = nextDue(untilMs)) {
        timers.delete(due.id)
        now = Math.max(now, due.atMs)
        due.run()
        await settle()
      }
      now = untilMs
      await settle()
    },
  }
}
