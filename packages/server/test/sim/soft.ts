import type { Random } from '../../src/platform/random.ts'
import type { SoftState } from '../../src/platform/soft-state.ts'
import type { Life } from './life.ts'
import type { SimTime } from './time.ts'
import type { Weather } from './weather.ts'

interface Listener {
  life: Life
  hear(message: string): void
}

type Kept = Map<string, { value: string; endsAt: number }>

/** Soft state that all nodes share, and that may be emptied or set back at any instant. */
export class SimSoft {
  readonly #time: SimTime
  readonly #random: Random
  readonly #weather: () => Weather
  readonly #listeners = new Map<string, Set<Listener>>()
  #kept: Kept = new Map()
  #backup: Kept = new Map()

  constructor(time: SimTime, random: Random, weather: () => Weather) {
    this.#time = time
    this.#random = random
    this.#weather = weather
  }

  flush(): void {
    this.#kept = new Map()
  }

  backUp(): void {
    this.#backup = new Map(this.#kept)
  }

  rollBack(): void {
    this.#kept = new Map(this.#backup)
  }

  /** One process's way to it. */
  for(life: Life): SoftState {
    const through = async <T>(ask: () => T): Promise<T> => {
      await life.step(0)
      if (this.#random.fraction() < this.#weather().softFailure) throw new Error('The soft state does not answer.')
      return ask()
    }
    const live = (key: string) => {
      const found = this.#kept.get(key)
      if (found === undefined || found.endsAt > this.#time.now) return found
      this.#kept.delete(key)
      return undefined
    }
    const put = (key: string, value: string, endsAt: number) => void this.#kept.set(key, { value, endsAt })
    return {
      get: (key) => through(() => live(key)?.value ?? null),
      set: (key, value, ttlMs) => through(() => put(key, value, this.#time.now + ttlMs)),
      setNew: (key, value, ttlMs) =>
        through(() => {
          if (live(key) !== undefined) return false
          put(key, value, this.#time.now + ttlMs)
          return true
        }),
      remove: (key) => through(() => void this.#kept.delete(key)),
      add: (key, amount, ttlMs) =>
        through(() => {
          const found = live(key)
          const sum = Number(found?.value ?? 0) + amount
          put(key, String(sum), found?.endsAt ?? this.#time.now + ttlMs)
          return sum
        }),
      publish: (channel, message) => through(() => this.#spread(channel, message)),
      subscribe: async (channel, listener) => {
        const known = this.#listeners.get(channel) ?? new Set()
        const one = { life, hear: listener }
        this.#listeners.set(channel, known.add(one))
        return () => void known.delete(one)
      },
      check: () => through(() => undefined),
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  #spread(channel: string, message: string): void {
    const known = this.#listeners.get(channel)
    for (const listener of known ?? []) {
      if (!listener.life.alive) known?.delete(listener)
      else if (this.#random.fraction() >= this.#weather().hintLoss) {
        listener.life.after(this.#random.fraction() * 3, () => listener.hear(message))
      }
    }
  }
}
