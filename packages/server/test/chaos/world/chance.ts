export interface Chance {
  /** From 0, up to 1. */
  next(): number
  between(min: number, max: number): number
  isOnce(probability: number): boolean
  pick<T>(from: readonly T[]): T
  shuffled<T>(from: readonly T[]): T[]
}

/** Mulberry32: the same seed gives the same draws. What real processes make of them differs all the same. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (min: number, max: number) => min + next() * (max - min)
  return {
    ...{ next, between },
    isOnce: (probability) => next() < probability,
    pick: (from) => from[Math.floor(next() * from.length)] as (typeof from)[number],
    shuffled(from) {
      const rest = [...from]
      for (let at = rest.length - 1; at > 0; at--) {
        const other = Math.floor(next() * (at + 1))
        ;[rest[at], rest[other]] = [rest[other] as (typeof rest)[number], rest[at] as (typeof rest)[number]]
      }
      return rest
    },
  }
}
