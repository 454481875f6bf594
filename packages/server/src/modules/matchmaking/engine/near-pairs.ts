const none = Number.POSITIVE_INFINITY
/** More than any chain of gaps that one more pair could bring along, and exact beside a thousandth of a point. */
const leaveCost = 2 ** 30

/** What was done with a place: it had been taken by one below, or was left out; any other number says how far up its partner is. */
const isTaken = 0
const isLeft = 255

/** Entries in order of rating, side by side. */
export interface Places {
  count: number
  rating: Float32Array
  reach: Float64Array
  /** What it costs to leave the entry out. */
  cost: Float64Array
}

/**
 * The best pairs along a line, looking at neighbours a few places apart.
 *
 * Any other plan is dearer or not allowed: two pairs that cross or enclose each other can be untangled into two that
 * lie side by side with no larger sum of gaps, unless a narrow window forbids it, and so can a pair with somebody
 * left out inside it. So a sweep from low to high that remembers which of the next places are taken tries all plans
 * that can be best but for those held apart by more narrow windows than it looks ahead. Its time grows with the line alone.
 *
 * Leaving an entry out costs `leaveCost` and more; the least total is therefore the most pairs, then the fewest
 * left out of those who go first, then the least sum of gaps, then the oldest.
 */
export class NearPairs {
  private choice = new Uint8Array(0)
  private gap = new Float64Array(0)
  /** By which of the next places are taken: the least total so far. */
  private total = new Float64Array(0)
  private next = new Float64Array(0)
  private ahead = 0
  private states = 0

  /** `partner` receives, for each place, the place it is paired with, or -1. */
  run(line: Places, partner: Int32Array): void {
    this.start(line.count)
    const { count, rating, cost } = line
    const { choice, states } = this
    /** While only the very next place can be taken, two of the states are all there are. */
    let isPlain = true
    for (let i = 0; i < count; i++) {
      const leave = leaveCost + cost[i]!
      const row = i * states
      const isClose = this.allSuit(line, i)
      if (isClose && isPlain) {
        const { total } = this
        const left = total[0]! + leave
        const taken = total[1]!
        choice[row] = taken <= left ? isTaken : isLeft
        choice[row + 1] = 1
        total[1] = total[0]! + (rating[i + 1]! - rating[i]!)
        total[0] = Math.min(taken, left)
      } else {
        this.measure(line, i)
        this.step(leave, isClose, row)
        isPlain = this.isPlain()
      }
      if ((i & 15) === 15) this.lower()
    }
    this.readBack(count, partner)
  }

  private start(count: number): void {
    this.ahead = placesAheadFor(count)
    this.states = 1 << this.ahead
    if (this.choice.length < count * this.states) this.choice = new Uint8Array(Math.ceil(count * 1.25) * this.states)
    this.gap = new Float64Array(this.ahead + 1)
    this.total = new Float64Array(this.states).fill(none)
    this.next = new Float64Array(this.states)
    this.total[0] = 0
  }

  /**
   * True when the next places suit each other and would suit as many more besides. Then no window stands in the way of
   * untangling, and of those still free the nearest is the only one that need be tried.
   */
  private allSuit(line: Places, i: number): boolean {
    const { count, rating, reach } = line
    const { ahead } = this
    if (i + 2 * ahead >= count) return false
    const span = rating[i + 2 * ahead]! - rating[i]!
    for (let d = 0; d <= ahead; d++) if (reach[i + d]! < span) return false
    return true
  }

  private measure(line: Places, i: number): void {
    const { count, rating, reach } = line
    for (let d = 1; d <= this.ahead; d++) {
      const far = i + d < count ? rating[i + d]! - rating[i]! : none
      this.gap[d] = far <= reach[i]! && far <= reach[i + d]! ? far : none
    }
  }

  /** One place further: it is taken already, or left out, or paired with one ahead. */
  private step(leave: number, isNearestOnly: boolean, row: number): void {
    const { total, next, gap, choice, states, ahead } = this
    next.fill(none)
    for (let taken = 0; taken < states; taken++) {
      const sum = total[taken]!
      if (sum === none) continue
      const after = taken >> 1
      if (taken & 1) {
        if (sum < next[after]!) {
          next[after] = sum
          choice[row + after] = isTaken
        }
        continue
      }
      if (sum + leave < next[after]!) {
        next[after] = sum + leave
        choice[row + after] = isLeft
      }
      for (let d = 1; d <= ahead; d++) {
        if ((taken >> d) & 1 || gap[d] === none) continue
        const to = (taken | (1 << d)) >> 1
        const paired = sum + gap[d]!
        if (paired < next[to]!) {
          next[to] = paired
          choice[row + to] = d
        }
        if (isNearestOnly) break
      }
    }
    this.total = next
    this.next = total
  }

  private isPlain(): boolean {
    for (let s = 2; s < this.states; s++) if (this.total[s] !== none) return false
    return true
  }

  /** Only differences matter: kept small, they stay exact however long the line is. */
  private lower(): void {
    const { total, states } = this
    let least = none
    for (let s = 0; s < states; s++) least = Math.min(least, total[s]!)
    for (let s = 0; s < states; s++) total[s]! -= least
  }

  private readBack(count: number, partner: Int32Array): void {
    partner.fill(-1, 0, count)
    let taken = 0
    for (let i = count - 1; i >= 0; i--) {
      const chosen = this.choice[i * this.states + taken]!
      taken <<= 1
      if (chosen === isTaken) {
        taken |= 1
      } else if (chosen !== isLeft) {
        taken &= ~(1 << chosen)
        partner[i] = i + chosen
        partner[i + chosen] = i
      }
    }
  }
}

/** Each place further doubles the work, and only matters where very different windows are mixed. */
function placesAheadFor(count: number): number {
  if (count <= 4096) return 8
  return count <= 65_536 ? 6 : 4
}
