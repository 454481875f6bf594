import type { Clock } from '../../platform/clock.ts'

/** How long a start may still take when a stop is asked for. Then it is ended where it stands, which a crash allows too. */
export const startGraceMs = 10_000

/** Waits for a start, but not for ever once a stop was asked for: then null, if it has not ended in time. */
export async function startedInTime<T>(starting: Promise<T>, stop: Promise<void>, clock: Clock): Promise<T | null> {
  let cancel = () => {}
  const overdue = stop.then(
    () =>
      new Promise<null>((resolve) => {
        cancel = clock.after(startGraceMs, () => resolve(null))
      }),
  )
  try {
    return await Promise.race([starting, overdue])
  } finally {
    cancel()
  }
}
