import type { Line } from './line.ts'
import { NearPairs, type Places } from './near-pairs.ts'
import { serveOldestFirst } from './oldest-first.ts'

/** How many of the next places are tried to see whether an entry can be paired at all. */
const lookAhead = 8
const levelsMax = 12
const roundsMax = 8

/**
 * Pairs for a queue of one against one.
 *
 * A first round pairs nearly everybody, and a few more take up what it left. What they can miss are two with wide
 * windows who have more than a few others with narrow ones between them, so the rest is looked through by levels: first only those whose reach is at
 * least half the widest, then a quarter, and so on. Within a level no reach is more than twice another; so if two of
 * them suit and one stands between, that one suits the nearer of the two, and therefore some two neighbours suit.
 * Whenever anybody can still be paired, somebody is.
 */
export class Pairing {
  count = 0
  low = new Int32Array(0)
  high = new Int32Array(0)
  private places: Places & { at: Int32Array } = roomFor(0)
  private partner = new Int32Array(0)
  private nearPairs = new NearPairs()
  private rest = new Int32Array(0)
  private level = new Int32Array(0)
  /** In the last round somebody reached beyond the places that were tried, so not all who suit need have been found. */
  private isCutShort = false
  private isPaired = new Uint8Array(0)

  /** Leaves the pairs in `low` and `high`, as places of the line. */
  run(line: Line): void {
    this.start(line)
    let left = line.count
    for (let round = 0; round < roundsMax && this.round(line, this.rest, left) > 0; round++) {
      left = this.keepUnpaired(left)
    }
    if (this.isCutShort) left = this.lookThrough(line, left)
    serveOldestFirst(line, this.rest, left, this)
  }

  /** Goes by levels through those left over; answers how many still are. */
  private lookThrough(line: Line, count: number): number {
    let left = count
    let least = this.widest(line, left) / 2
    for (let level = 0; level < levelsMax && left > 1; level++) {
      const isLast = level === levelsMax - 1
      for (let again = 0; again < roundsMax; again++) {
        const inLevel = this.takeLevel(line, left, isLast ? 0 : least)
        const found = this.round(line, this.level, inLevel)
        if (found > 0) left = this.keepUnpaired(left)
        else if (inLevel === left) return left
        else break
      }
      least /= 2
    }
    return left
  }

  private start(line: Line): void {
    const { count } = line
    if (this.rest.length < count) {
      const capacity = line.reach.length
      this.places = roomFor(capacity)
      this.partner = new Int32Array(capacity)
      this.rest = new Int32Array(capacity)
      this.level = new Int32Array(capacity)
      this.isPaired = new Uint8Array(capacity)
      this.low = new Int32Array(capacity >> 1)
      this.high = new Int32Array(capacity >> 1)
    }
    this.count = 0
    this.isPaired.fill(0, 0, count)
    for (let i = 0; i < count; i++) this.rest[i] = i
  }

  /** Pairs those of the list who suit somebody near them; answers how many pairs were found. */
  private round(line: Line, list: Int32Array, count: number): number {
    const { places, partner } = this
    this.gather(line, list, count)
    if (places.count < 2) return 0
    this.nearPairs.run(places, partner)
    const before = this.count
    for (let i = 0; i < places.count; i++) {
      const other = partner[i]!
      if (other <= i) continue
      this.low[this.count] = places.at[i]!
      this.high[this.count++] = places.at[other]!
      this.isPaired[places.at[i]!] = 1
      this.isPaired[places.at[other]!] = 1
    }
    if (this.count === before) this.isCutShort = true
    return this.count - before
  }

  /** Copies out those who suit one of the few around them: the others would only stand between. */
  private gather(line: Line, list: Int32Array, count: number): void {
    const { places, partner: suits } = this
    const { rating, reach, cost } = line
    this.markSuiting(line, list, count, suits)
    let to = 0
    for (let i = 0; i < count; i++) {
      if (suits[i] === 0) continue
      const at = list[i]!
      places.at[to] = at
      places.rating[to] = rating[at]!
      places.reach[to] = reach[at]!
      places.cost[to++] = cost[at]!
    }
    places.count = to
  }

  /** Neighbours first: where many suit, nobody is left to look further for. */
  private markSuiting(line: Line, list: Int32Array, count: number, suits: Int32Array): void {
    const { rating, reach } = line
    suits.fill(0, 0, count)
    for (let i = 1; i < count; i++) {
      const gap = rating[list[i]!]! - rating[list[i - 1]!]!
      if (gap > reach[list[i]!]! || gap > reach[list[i - 1]!]!) continue
      suits[i - 1] = 1
      suits[i] = 1
    }
    this.isCutShort = false
    for (let i = 0; i < count; i++) {
      if (suits[i] === 1) continue
      this.lookAround(line, list, count, suits, i, -1)
      if (this.lookAround(line, list, count, suits, i, 1)) this.isCutShort = true
    }
  }

  /** Marks those on one side who suit; answers whether the reach went further than the places tried. */
  private lookAround(line: Line, list: Int32Array, count: number, suits: Int32Array, i: number, way: 1 | -1): boolean {
    const { rating, reach } = line
    const own = rating[list[i]!]!
    const ownReach = reach[list[i]!]!
    const beyond = i + way * (lookAhead + 1)
    for (let j = i + way; j !== beyond; j += way) {
      if (j < 0 || j >= count) return false
      const gap = Math.abs(rating[list[j]!]! - own)
      if (gap > ownReach) return false
      if (gap > reach[list[j]!]!) continue
      suits[i] = 1
      suits[j] = 1
    }
    return true
  }

  private keepUnpaired(count: number): number {
    let to = 0
    for (let i = 0; i < count; i++) {
      const at = this.rest[i]!
      if (this.isPaired[at] === 0) this.rest[to++] = at
    }
    return to
  }

  private takeLevel(line: Line, count: number, least: number): number {
    let to = 0
    for (let i = 0; i < count; i++) {
      const at = this.rest[i]!
      if (line.reach[at]! >= least) this.level[to++] = at
    }
    return to
  }

  /** No gap is larger than the whole line, so no reach need be taken for more. */
  private widest(line: Line, count: number): number {
    if (count === 0) return 0
    let widest = 0
    for (let i = 0; i < count; i++) widest = Math.max(widest, line.reach[this.rest[i]!]!)
    return Math.min(widest, line.rating[this.rest[count - 1]!]! - line.rating[this.rest[0]!]!)
  }
}

function roomFor(capacity: number): Places & { at: Int32Array } {
  return {
    count: 0,
    at: new Int32Array(capacity),
    rating: new Float32Array(capacity),
    reach: new Float64Array(capacity),
    cost: new Float64Array(capacity),
  }
}
