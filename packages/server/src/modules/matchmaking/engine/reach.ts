import { Arrivals } from './arrivals.ts'
import type { SettledRules } from './rules.ts'

/** Found in `bench/matching/quality.ts`: between 1 and 4 the mean gap hardly differs; less shortens the longest waits. */
const firstWidth = 2

/**
 * How wide windows open.
 *
 * With a fixed window: `initial`, everywhere and always.
 *
 * With an adaptive one, the width that costs least. Say newcomers arrive near a rating at a rate of `d` players
 * per second and point. Whoever accepts gaps up to `g` waits some `1 / (d g)` seconds for one, and pays `g` points
 * then: with a second worth `c` points the sum `g + c / (d g)` is least at `g = √(c / d)`. Where many come a good
 * opponent is worth a moment; where few do, the next is not likely to be better. A match of more than two needs so
 * many more to arrive.
 */
export class Reach {
  readonly arrivals = new Arrivals()
  private rules: SettledRules
  private density: ((rating: number) => number) | null = null

  constructor(rules: SettledRules) {
    this.rules = rules
  }

  /** To be called before `initialAt`, once a pass: the figures of the arrivals are as of then. */
  asOf(nowMs: number): void {
    if (this.rules.window.adaptive) this.density = this.arrivals.densityAt(nowMs)
  }

  /** True while every entry starts from the same width. */
  get isUniform(): boolean {
    return this.density === null
  }

  initialAt(rating: number): number {
    const { window, teams, teamSize } = this.rules
    if (this.density === null) return window.initial
    const others = teams * teamSize - 1
    const best = firstWidth * Math.sqrt((window.perSecond * others) / this.density(rating))
    return Math.min(window.max, best)
  }
}
