/** Chance that nobody must guess is `node:crypto`'s; this one is for jitter and choices, so that tests can seed it. */
export interface Random {
  /** From 0 up to but not including 1. */
  fraction(): number
}

export const systemRandom: Random = { fraction: () => Math.random() }

/** The same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    fraction: () => {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
    },
  }
}

/** `spanMs` stretched or shrunk by up to a quarter, so that a crowd does not move in step. */
export const jittered = (random: Random, spanMs: number): number => spanMs * (0.75 + random.fraction() / 2)
