/** Who plays changes slowly, how many come changes with the hour: so the first is taken from more arrivals. */
const ratingsMax = 2048
const timesMax = 256
/** Below this many arrivals nothing can be said of them. */
const knownMin = 16
/** The ratings are put in order anew when so large a part of them is new. */
const newPart = 1 / 64

/**
 * Who came lately, and so how many players may be hoped for near a rating.
 * The density at a rating is taken from the stretch its nearest arrivals lie in: it needs no scale to be known
 * beforehand, and far from everybody it falls off as it should.
 */
export class Arrivals {
  private rating = new Float64Array(ratingsMax)
  private sinceMs = new Float64Array(timesMax)
  private players = new Float64Array(timesMax)
  private count = 0
  private sorted = new Float64Array(0)
  private sortedAt = 0

  note(rating: number, sinceMs: number, players: number): void {
    this.rating[this.count % ratingsMax] = rating
    this.sinceMs[this.count % timesMax] = sinceMs
    this.players[this.count % timesMax] = players
    this.count++
  }

  /** A function from a rating to players per second and point there; null while too few have come. */
  densityAt(nowMs: number): ((rating: number) => number) | null {
    if (this.count < knownMin) return null
    this.keepSorted()
    const { sorted } = this
    const known = sorted.length
    const perSecond = this.playersPerSecond(nowMs)
    const half = Math.max(2, Math.round(Math.sqrt(known) / 2))
    return (rating) => {
      const place = placeIn(sorted, rating)
      const low = Math.max(0, place - half)
      const high = Math.min(known - 1, place + half)
      const stretch = Math.max(rating, sorted[high]!) - Math.min(rating, sorted[low]!)
      return (perSecond * ((high - low) / known)) / stretch
    }
  }

  private playersPerSecond(nowMs: number): number {
    const kept = Math.min(this.count, timesMax)
    let firstMs = Number.POSITIVE_INFINITY
    let players = 0
    for (let i = 0; i < kept; i++) {
      firstMs = Math.min(firstMs, this.sinceMs[i]!)
      players += this.players[i]!
    }
    return players / (Math.max(1, nowMs - firstMs) / 1000)
  }

  private keepSorted(): void {
    const kept = Math.min(this.count, ratingsMax)
    if (this.sorted.length > 0 && this.count - this.sortedAt < kept * newPart) return
    this.sorted = this.rating.slice(0, kept).sort()
    this.sortedAt = this.count
  }
}

/** The first place whose value is not below the given one. */
function placeIn(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
