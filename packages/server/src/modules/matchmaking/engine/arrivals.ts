const keptMax = 512
/** Below this many arrivals nothing can be said of them. */
const knownMin = 16
const neighboursPerRoot = 1.5

/**
 * Who came lately, and so how many players an hour may be hoped for near a rating.
 * The density at a rating is taken from the stretch its nearest arrivals lie in: it needs no scale to be known
 * beforehand, and far from everybody it falls off as it should.
 */
export class Arrivals {
  private rating = new Float64Array(keptMax)
  private sinceMs = new Float64Array(keptMax)
  private players = new Float64Array(keptMax)
  private kept = 0
  private next = 0
  private sorted = new Float64Array(0)
  private firstMs = 0
  private playersEach = 1
  private stale = true

  note(rating: number, sinceMs: number, players: number): void {
    this.rating[this.next] = rating
    this.sinceMs[this.next] = sinceMs
    this.players[this.next] = players
    this.next = (this.next + 1) % keptMax
    this.kept = Math.min(this.kept + 1, keptMax)
    this.stale = true
  }

  /** A function from a rating to players per second and point there; null while too few have come. */
  densityAt(nowMs: number): ((rating: number) => number) | null {
    if (this.kept < knownMin) return null
    if (this.stale) this.refresh()
    const { sorted, kept } = this
    const spanS = Math.max(1, nowMs - this.firstMs) / 1000
    const perSecond = (kept / spanS) * this.playersEach
    const half = Math.max(2, Math.round((Math.sqrt(kept) * neighboursPerRoot) / 2))
    return (rating) => {
      const place = placeIn(sorted, rating)
      const low = Math.max(0, place - half)
      const high = Math.min(kept - 1, place + half)
      const stretch = Math.max(rating, sorted[high]!) - Math.min(rating, sorted[low]!)
      return (perSecond * ((high - low) / kept)) / stretch
    }
  }

  private refresh(): void {
    this.sorted = this.rating.slice(0, this.kept).sort()
    let first = Number.POSITIVE_INFINITY
    let players = 0
    for (let i = 0; i < this.kept; i++) {
      first = Math.min(first, this.sinceMs[i]!)
      players += this.players[i]!
    }
    this.firstMs = first
    this.playersEach = players / this.kept
    this.stale = false
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
