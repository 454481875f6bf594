/** Chance that comes again with its seed. */
export interface Draws {
  /** A whole number from 0, below this one. */
  below(count: number): number
  pick<T>(list: readonly T[]): T
  /** True so often in a hundred. */
  percent(times: number): boolean
}

/** Mulberry32: small, and good enough to choose what to try. */
export function drawsOf(seed: number): Draws {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (count: number) => Math.floor(next() * count)
  return {
    below,
    pick(list) {
      const picked = list[below(list.length)]
      if (picked === undefined && list.length === 0) throw new Error('There is nothing to pick from.')
      return picked as (typeof list)[number]
    },
    percent: (times) => next() * 100 < times,
  }
}
