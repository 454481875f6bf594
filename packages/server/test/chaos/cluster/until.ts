/** Time passing, for a run whose subject is real processes on real time. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Looks again and again until it is so; throws when that takes too long. */
export async function until(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  withinMs: number,
  everyMs = 100,
): Promise<number> {
  const begun = performance.now()
  for (;;) {
    if (await isSo()) return performance.now() - begun
    if (performance.now() - begun > withinMs) throw new Error(`${what}: not within ${withinMs / 1_000} s.`)
    await pause(everyMs)
  }
}
