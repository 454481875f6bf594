/** Looks again and again until `look` gives something, for real processes have no event for everything. Throws with what was
 *  seen last when that takes longer than `withinMs`. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | null | false>,
  withinMs = 20_000,
): Promise<T> {
  const until = performance.now() + withinMs
  let failure: unknown
  for (;;) {
    try {
      const seen = await look()
      if (seen) return seen
      failure = undefined
    } catch (error) {
      failure = error
    }
    if (performance.now() > until) throw new Error(`${what}: not within ${withinMs} ms`, { cause: failure })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
