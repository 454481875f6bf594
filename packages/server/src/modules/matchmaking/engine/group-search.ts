import type { Line } from './line.ts'
import { playersMax, teamSizeMax } from './rules.ts'
import type { Shape, Shapes } from './shapes.ts'

const stepsMax = 4 * playersMax

/**
 * The tightest group above one entry.
 *
 * Starting from the entry with the lowest rating of the group, entries are taken in rising order until some of them
 * fill the teams exactly: the last one taken is the nearest at which that can be done, so no group from this entry has a
 * smaller gap. On the way, those are left out whose window does not reach down to the first, and dropped whose
 * window does not reach up to the newest; in what stays, every two are inside each other's windows.
 * Sizes of which a match can use no more are stepped over, so a crowd of one size costs nothing.
 */
export class GroupSearch {
  /** After a find: the places of the line that make the group. */
  readonly chosen = new Int32Array(playersMax)
  chosenCount = 0
  shape: Shape | null = null
  /** In the list: the next entry of the same size, or the list's length. */
  private nextSame = new Int32Array(0)
  private readonly heads = new Int32Array(teamSizeMax + 1)
  private readonly ahead = new Int32Array(teamSizeMax + 1)
  private readonly members = new Int32Array(playersMax * teamSizeMax)
  private memberCount = 0
  private readonly counts = new Uint16Array(teamSizeMax + 1)
  private players = 0

  /** To be called before a walk from the end of the list down. */
  startAtEnd(line: Line, list: Int32Array, count: number): void {
    if (this.nextSame.length < count) this.nextSame = new Int32Array(line.reach.length)
    this.heads.fill(count)
    for (let i = count - 1; i >= 0; i--) {
      const size = line.size[list[i]!]!
      this.nextSame[i] = this.heads[size]!
      this.heads[size] = i
    }
    this.heads.fill(count)
  }

  /** To be called before a walk from the start of the list up. */
  startAtBeginning(line: Line, list: Int32Array, count: number): void {
    this.heads.fill(count)
    for (let i = count - 1; i >= 0; i--) this.heads[line.size[list[i]!]!] = i
  }

  /** The walk has done with this place: from now on it is the nearest of its size to those below. */
  passDown(line: Line, list: Int32Array, i: number): void {
    this.heads[line.size[list[i]!]!] = i
  }

  /** The walk has come up to this place: what lies at or below it is no longer ahead. */
  passUp(i: number): void {
    for (let size = 0; size < this.heads.length; size++) {
      while (this.heads[size]! <= i) this.heads[size] = this.nextSame[this.heads[size]!]!
    }
  }

  /** The place in the list where the tightest group from `i` ends, with the group in `chosen`; -1 when there is none. */
  find(line: Line, list: Int32Array, count: number, i: number, shapes: Shapes): number {
    const { rating, reach, size: sizes } = line
    const { ahead, counts, members } = this
    const { teamSize, useful } = shapes
    const need = shapes.teams * teamSize
    const anchor = list[i]!
    const low = rating[anchor]!
    const top = low + reach[anchor]!
    const anchorSize = sizes[anchor]!
    ahead.set(this.heads)
    counts.fill(0)
    members[0] = anchor
    this.memberCount = 1
    this.players = anchorSize
    counts[anchorSize] = 1
    let reachable = top
    if (this.players >= need && this.settleOn(line, shapes, anchorSize)) return i
    for (let step = 0; step < stepsMax; step++) {
      let j = count
      for (let size = 1; size <= teamSize; size++) {
        if (counts[size]! < useful[size]! && ahead[size]! < j) j = ahead[size]!
      }
      if (j === count) return -1
      const place = list[j]!
      const own = rating[place]!
      if (own > top) return -1
      const size = sizes[place]!
      ahead[size] = this.nextSame[j]!
      if (own - reach[place]! > low) continue
      if (own > reachable) reachable = this.dropBelow(line, own, j)
      members[this.memberCount++] = place
      counts[size]!++
      this.players += size
      reachable = Math.min(reachable, own + reach[place]!)
      if (this.players >= need && this.settleOn(line, shapes, anchorSize)) return j
    }
    return -1
  }

  /** Drops the members who do not reach up to this rating; answers how far up all that stay do. */
  private dropBelow(line: Line, rating: number, j: number): number {
    const { members, counts, ahead } = this
    let stay = 0
    let reachable = Number.POSITIVE_INFINITY
    for (let m = 0; m < this.memberCount; m++) {
      const place = members[m]!
      const top = line.rating[place]! + line.reach[place]!
      const size = line.size[place]!
      if (top < rating) {
        counts[size]!--
        this.players -= size
        while (ahead[size]! <= j) ahead[size] = this.nextSame[ahead[size]!]!
      } else {
        members[stay++] = place
        reachable = Math.min(reachable, top)
      }
    }
    this.memberCount = stay
    return reachable
  }

  /** Takes a full match out of the members, the first of them in it, preferring whom it would cost most to leave out. */
  private settleOn(line: Line, shapes: Shapes, anchorSize: number): boolean {
    const { members, memberCount, chosen, counts } = this
    const shape = shapes.fit(counts, anchorSize)
    if (shape === null) return false
    this.shape = shape
    chosen[0] = members[0]!
    let to = 1
    for (let size = 1; size <= shapes.teamSize; size++) {
      let wanted = shape.counts[size]!
      if (wanted === 0) continue
      if (size === anchorSize) wanted--
      const isAll = shape.counts[size] === counts[size]
      const first = to
      for (let m = 1; m < memberCount; m++) {
        const place = members[m]!
        if (line.size[place] !== size) continue
        if (isAll || to - first < wanted) chosen[to++] = place
        else if (wanted > 0) keepDearest(line.cost, chosen, first, to, place)
      }
    }
    this.chosenCount = to
    return true
  }
}

/** Puts a place in for the one that costs least to leave out, when that is less than its own cost. */
function keepDearest(cost: Float64Array, chosen: Int32Array, from: number, to: number, place: number): void {
  let least = from
  for (let c = from + 1; c < to; c++) if (cost[chosen[c]!]! < cost[chosen[least]!]!) least = c
  if (cost[place]! > cost[chosen[least]!]!) chosen[least] = place
}
