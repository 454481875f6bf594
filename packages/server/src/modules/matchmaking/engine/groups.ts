import { Balance } from './balance.ts'
import type { Found } from './found.ts'
import { GroupSearch } from './group-search.ts'
import type { Line } from './line.ts'
import { type SettledRules, teamSizeMax } from './rules.ts'
import { Shapes } from './shapes.ts'

const roundsMax = 8
/** From this many entries for every place in a match on, it is worth while to be thrifty with small parties. */
const crowdInMatches = 16

/**
 * Matches of more than two: teams filled with parties, and free-for-all.
 *
 * A round asks of every entry for the tightest group above it, and then picks, of those that do not overlap, the most;
 * among as many, those who would be dearest left out, then the least sum of gaps. That is exact over stretches of
 * the line and takes one walk over it from the end. Those who were stepped over inside a stretch go into the next round.
 */
export class Grouping {
  private readonly rules: SettledRules
  /** From the full number of teams down to the fewest. */
  private readonly shapes: Shapes[] = []
  private readonly search = new GroupSearch()
  private readonly balance = new Balance()
  private rest = new Int32Array(0)
  private end = new Int32Array(0)
  private groups = new Int32Array(0)
  private worth = new Float64Array(0)
  private isTaken = new Uint8Array(0)

  constructor(rules: SettledRules) {
    this.rules = rules
    for (let teams = rules.teams; teams >= rules.minTeams; teams--) this.shapes.push(new Shapes(teams, rules.teamSize))
  }

  /** Adds every match to `found`. */
  run(line: Line, nowMs: number, found: Found): void {
    let left = this.start(line)
    const ripeMs = nowMs - this.rules.fewerAfterMs
    for (const shapes of this.shapes) {
      const isFull = shapes.teams === this.rules.teams
      if (!isFull && !this.isAnyRipe(line, left, ripeMs)) return
      const since = isFull ? Number.POSITIVE_INFINITY : ripeMs
      if (this.isCrowd(line, shapes)) left = this.rounds(line, left, shapes.thrifty(sizesIn(line)), since, found)
      left = this.rounds(line, left, shapes, since, found)
    }
  }

  private isCrowd(line: Line, shapes: Shapes): boolean {
    return shapes.teamSize > 2 && line.count > crowdInMatches * shapes.teams * shapes.teamSize
  }

  /** Answers how many are left. */
  private rounds(line: Line, count: number, shapes: Shapes, ripeMs: number, found: Found): number {
    let left = count
    for (let round = 0; round < roundsMax && left > 0; round++) {
      if (this.round(line, left, shapes, ripeMs, found) === 0) break
      left = this.keepUntaken(left)
    }
    return left
  }

  private start(line: Line): number {
    const { count } = line
    if (this.rest.length < count) {
      const capacity = line.reach.length
      this.rest = new Int32Array(capacity)
      this.end = new Int32Array(capacity)
      this.groups = new Int32Array(capacity + 1)
      this.worth = new Float64Array(capacity + 1)
      this.isTaken = new Uint8Array(capacity)
    }
    this.isTaken.fill(0, 0, count)
    for (let i = 0; i < count; i++) this.rest[i] = i
    return count
  }

  private round(line: Line, count: number, shapes: Shapes, ripeMs: number, found: Found): number {
    this.plan(line, count, shapes, ripeMs)
    const { search, rest, end } = this
    search.startAtBeginning(line, rest, count)
    let made = 0
    let i = 0
    while (i < count) {
      if (end[i]! < 0) {
        i++
        continue
      }
      search.passUp(i)
      const last = search.find(line, rest, count, i, shapes)
      this.note(line, shapes, found)
      made++
      i = last + 1
    }
    return made
  }

  /** From the end down: the best that can be made of each place and all above it. */
  private plan(line: Line, count: number, shapes: Shapes, ripeMs: number): void {
    const { search, rest, end, groups, worth } = this
    search.startAtEnd(line, rest, count)
    groups[count] = 0
    worth[count] = 0
    for (let i = count - 1; i >= 0; i--) {
      const last = search.find(line, rest, count, i, shapes)
      search.passDown(line, rest, i)
      groups[i] = groups[i + 1]!
      worth[i] = worth[i + 1]!
      end[i] = -1
      if (last < 0 || !this.isRipe(line, ripeMs)) continue
      const made = 1 + groups[last + 1]!
      const gained = this.worthOf(line) + worth[last + 1]!
      if (made < groups[i]! || (made === groups[i] && gained <= worth[i]!)) continue
      end[i] = last
      groups[i] = made
      worth[i] = gained
    }
  }

  private worthOf(line: Line): number {
    const { chosen, chosenCount } = this.search
    let cost = 0
    let low = Number.POSITIVE_INFINITY
    let high = Number.NEGATIVE_INFINITY
    for (let c = 0; c < chosenCount; c++) {
      const place = chosen[c]!
      cost += line.cost[place]!
      low = Math.min(low, line.rating[place]!)
      high = Math.max(high, line.rating[place]!)
    }
    return cost - (high - low)
  }

  private isRipe(line: Line, ripeMs: number): boolean {
    if (ripeMs === Number.POSITIVE_INFINITY) return true
    const { chosen, chosenCount } = this.search
    for (let c = 0; c < chosenCount; c++) if (line.sinceMs[chosen[c]!]! <= ripeMs) return true
    return false
  }

  private isAnyRipe(line: Line, count: number, ripeMs: number): boolean {
    for (let i = 0; i < count; i++) if (line.sinceMs[this.rest[i]!]! <= ripeMs) return true
    return false
  }

  private note(line: Line, shapes: Shapes, found: Found): void {
    const { chosen, chosenCount, shape } = this.search
    for (let c = 0; c < chosenCount; c++) this.isTaken[chosen[c]!] = 1
    const team = this.balance.split(line, chosen, chosenCount, shape!)
    found.add({ count: chosenCount, place: chosen, team, teams: shapes.teams })
  }

  private keepUntaken(count: number): number {
    let to = 0
    for (let i = 0; i < count; i++) {
      const place = this.rest[i]!
      if (this.isTaken[place] === 0) this.rest[to++] = place
    }
    return to
  }
}

function sizesIn(line: Line): Uint32Array {
  const counts = new Uint32Array(teamSizeMax + 1)
  for (let i = 0; i < line.count; i++) counts[line.size[i]!]!++
  return counts
}
