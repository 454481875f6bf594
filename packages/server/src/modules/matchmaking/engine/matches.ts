import type { Match } from './rules.ts'

/**
 * What one pass found. A match is put together when it is asked for: half a million at once would be
 * millions of small objects, and clearing those away takes longer than finding them.
 */
export class Matches implements Iterable<Match> {
  readonly length: number
  private readonly id: string[]
  private readonly team: Uint8Array
  private readonly rating: Float32Array
  private readonly size: Uint8Array
  private readonly start: Int32Array
  private readonly teams: Uint16Array
  private opened = 0
  private filled = 0

  constructor(length: number, entries: number) {
    this.length = length
    this.id = new Array<string>(entries)
    this.team = new Uint8Array(entries)
    this.rating = new Float32Array(entries)
    this.size = new Uint8Array(entries)
    this.start = new Int32Array(length + 1)
    this.teams = new Uint16Array(length)
  }

  /** Begins the next match; what is put from now on is part of it. */
  open(teams: number): void {
    this.start[this.opened] = this.filled
    this.teams[this.opened++] = teams
  }

  put(id: string, team: number, rating: number, size: number): void {
    this.id[this.filled] = id
    this.team[this.filled] = team
    this.rating[this.filled] = rating
    this.size[this.filled++] = size
    this.start[this.opened] = this.filled
  }

  at(m: number): Match {
    if (!(m >= 0 && m < this.length)) throw new RangeError(`There is no match ${m} of ${this.length}`)
    const teams: string[][] = []
    const sums: number[] = []
    for (let t = 0; t < this.teams[m]!; t++) {
      teams.push([])
      sums.push(0)
    }
    let low = Number.POSITIVE_INFINITY
    let high = Number.NEGATIVE_INFINITY
    let players = 0
    for (let i = this.start[m]!; i < this.start[m + 1]!; i++) {
      const team = this.team[i]!
      const rating = this.rating[i]!
      teams[team]!.push(this.id[i]!)
      sums[team]! += rating * this.size[i]!
      players += this.size[i]!
      low = Math.min(low, rating)
      high = Math.max(high, rating)
    }
    return { teams, gap: high - low, imbalance: ((largest(sums) - least(sums)) * teams.length) / players }
  }

  *[Symbol.iterator](): Generator<Match> {
    for (let m = 0; m < this.length; m++) yield this.at(m)
  }
}

function largest(values: number[]): number {
  return values.reduce((most, value) => Math.max(most, value))
}

function least(values: number[]): number {
  return values.reduce((least, value) => Math.min(least, value))
}
