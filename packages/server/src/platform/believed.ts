import type { Clock } from './clock.ts'

/** Something that is fetched from elsewhere and believed for a while. However many want it, one fetch is under way, and
 *  none begins a moment after the last, whether that went well or not. */
export interface Believed<T> {
  get(): Promise<T>
  /** Fetches anew, for who has a reason to think that it has changed. */
  renew(): Promise<T>
}

export interface Belief {
  /** At this age it is fetched again, while what is there is still handed out. */
  freshMs: number
  /** At this age it is believed no longer. */
  keptMs: number
  /** Between one fetch and the next. */
  restMs: number
}

export function believed<T>(clock: Clock, { freshMs, keptMs, restMs }: Belief, fetch: () => Promise<T>): Believed<T> {
  let held: { value: T; at: number } | null = null
  let failure: { error: unknown } | null = null
  let begunAt = Number.NEGATIVE_INFINITY
  let running: Promise<T> | null = null

  const isResting = () => clock.now() - begunAt < restMs
  /** What is there and is not too old. */
  const known = () => (held !== null && clock.now() - held.at < keptMs ? held : null)

  async function run(): Promise<T> {
    begunAt = clock.now()
    try {
      const value = await fetch()
      held = { value, at: clock.now() }
      failure = null
      return value
    } catch (error) {
      failure = { error }
      throw error
    } finally {
      running = null
    }
  }
  function begin(): Promise<T> {
    running ??= run()
    return running
  }
  function beginUnlessResting(): Promise<T> {
    if (running === null && isResting()) {
      const there = known()
      if (there !== null) return Promise.resolve(there.value)
      if (failure !== null) return Promise.reject(failure.error)
    }
    return begin()
  }

  return {
    async get() {
      const there = known()
      if (there === null) return beginUnlessResting()
      if (clock.now() - there.at >= freshMs) beginUnlessResting().catch(() => undefined)
      return there.value
    },
    renew: beginUnlessResting,
  }
}
