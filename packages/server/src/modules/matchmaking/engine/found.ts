import type { Line } from './line.ts'
import { Matches } from './matches.ts'
import type { Slots } from './slots.ts'

/** One match as places of the line, with the team of each. */
export interface Group {
  count: number
  place: Int32Array
  team: Uint8Array
  teams: number
}

/** The matches of one pass before anybody has left: which to keep can still be chosen, and nothing was allocated for each. */
export class Found {
  count = 0
  private place = new Int32Array(1024)
  private team = new Uint8Array(1024)
  private filled = 0
  /** For each match, where its places start, and how many teams it has. */
  private start = new Int32Array(1024)
  private teams = new Uint16Array(1024)

  clear(): void {
    this.count = 0
    this.filled = 0
  }

  add(group: Group): void {
    this.makeRoom(group.count)
    this.start[this.count] = this.filled
    this.teams[this.count++] = group.teams
    for (let i = 0; i < group.count; i++) {
      this.place[this.filled] = group.place[i]!
      this.team[this.filled++] = group.team[i]!
    }
  }

  /** Takes the entries of the matches out of the slots; of too many, only those in which somebody waited longest. */
  takeOut(line: Line, slots: Slots, matchesMax: number): Matches {
    const chosen = this.count > matchesMax ? this.longestWaiting(line, matchesMax) : null
    const matches = new Matches(chosen === null ? this.count : matchesMax, this.filled)
    const leaving = new Int32Array(this.filled)
    let left = 0
    for (let c = 0; c < matches.length; c++) {
      const m = chosen === null ? c : chosen[c]!
      const end = this.endOf(m)
      matches.open(this.teams[m]!)
      for (let i = this.start[m]!; i < end; i++) {
        const place = this.place[i]!
        const slot = line.slot[place]!
        leaving[left++] = slot
        matches.put(slots.id[slot]!, this.team[i]!, line.rating[place]!, line.size[place]!)
      }
    }
    slots.leaveMany(leaving, left)
    return matches
  }

  private longestWaiting(line: Line, count: number): Int32Array {
    const since = new Float64Array(this.count)
    for (let m = 0; m < this.count; m++) {
      let first = Number.POSITIVE_INFINITY
      for (let i = this.start[m]!; i < this.endOf(m); i++) first = Math.min(first, line.sinceMs[this.place[i]!]!)
      since[m] = first
    }
    const order = new Int32Array(this.count).map((_, m) => m)
    return order.sort((a, b) => since[a]! - since[b]! || a - b).subarray(0, count)
  }

  private endOf(m: number): number {
    return m + 1 < this.count ? this.start[m + 1]! : this.filled
  }

  private makeRoom(entries: number): void {
    if (this.count === this.start.length) {
      const { start, teams } = this
      this.start = new Int32Array(start.length * 2)
      this.start.set(start)
      this.teams = new Uint16Array(teams.length * 2)
      this.teams.set(teams)
    }
    if (this.filled + entries > this.place.length) {
      const { place, team } = this
      this.place = new Int32Array(place.length * 2)
      this.place.set(place)
      this.team = new Uint8Array(team.length * 2)
      this.team.set(team)
    }
  }
}
