import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 5

/** Looks again and again until there is something to see; undefined once the time has passed. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, withinMs: number) {
  const deadline = performance.now() + withinMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() >= deadline) return undefined
    await sleep(LOOK_EVERY_MS)
  }
}
