/** The same sequence in every run: a benchmark compares like with like. */
export interface Chance {
  fraction(): number
  normal(): number
  /** Seconds until the next of events that come `perSecond`. */
  pauseS(perSecond: number): number
}

export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0
  const fraction = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
  return {
    fraction,
    normal: () => Math.sqrt(-2 * Math.log(1 - fraction())) * Math.cos(2 * Math.PI * fraction()),
    pauseS: (perSecond) => -Math.log(1 - fraction()) / perSecond,
  }
}
