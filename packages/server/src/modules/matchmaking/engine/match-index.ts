import { Found } from './found.ts'
import { Grouping } from './groups.ts'
import { Line } from './line.ts'
import type { Matches } from './matches.ts'
import { Order } from './order.ts'
import { Pairing } from './pairs.ts'
import { Reach } from './reach.ts'
import { type EngineEntry, type QueueRules, type SettledRules, settleRules } from './rules.ts'
import { Shapes } from './shapes.ts'
import { Slots } from './slots.ts'
import { type Why, whyWaiting } from './why.ts'

/**
 * All who wait in one queue, and who of them should play together.
 * Pure: the time is an argument, and the same calls in the same order give the same matches.
 */
export class MatchIndex {
  readonly rules: SettledRules
  private slots = new Slots()
  private order = new Order()
  private line = new Line()
  private reach: Reach
  private pairing = new Pairing()
  private grouping: Grouping
  private found = new Found()
  private shapes: Shapes
  private isDuel: boolean

  constructor(rules: QueueRules) {
    this.rules = settleRules(rules)
    this.reach = new Reach(this.rules)
    this.grouping = new Grouping(this.rules)
    this.shapes = new Shapes(this.rules.teams, this.rules.teamSize)
    this.isDuel = this.rules.teams === 2 && this.rules.teamSize === 1
  }

  /** Entries that wait. */
  get size(): number {
    return this.slots.count
  }

  get players(): number {
    return this.slots.players
  }

  has(id: string): boolean {
    return this.slots.slotOf(id) !== undefined
  }

  /** Adds an entry; one that waits already under the same id is replaced. */
  add(entry: EngineEntry): void {
    if (!Number.isFinite(entry.rating) || !Number.isFinite(entry.sinceMs)) {
      throw new RangeError(`Entry ${entry.id}: rating and sinceMs must be finite numbers`)
    }
    if (!Number.isInteger(entry.size) || entry.size < 1 || entry.size > this.rules.teamSize) {
      throw new RangeError(`Entry ${entry.id}: size must be a whole number from 1 to ${this.rules.teamSize}`)
    }
    const isNew = !this.remove(entry.id)
    this.order.note(this.slots.put(entry))
    if (isNew && !entry.front) this.reach.arrivals.note(entry.rating, entry.sinceMs, entry.size)
  }

  /** Answers whether it waited here. */
  remove(id: string): boolean {
    const slot = this.slots.slotOf(id)
    if (slot === undefined) return false
    this.slots.leave(slot)
    return true
  }

  /**
   * Finds matches among all who wait and takes their entries out.
   * With `matchesMax`, only those with the longest waiters; the others stay.
   */
  pass(nowMs: number, matchesMax = Number.POSITIVE_INFINITY): Matches {
    this.order.settle(this.slots)
    this.reach.asOf(nowMs)
    this.line.draw(this.order, this.slots, this.reach, this.rules, nowMs)
    this.found.clear()
    if (this.isDuel) this.pairUp()
    else this.grouping.run(this.line, nowMs, this.found)
    return this.found.takeOut(this.line, this.slots, matchesMax)
  }

  /** What keeps an entry waiting; null when it does not wait here. Cheap, and as of the last pass. */
  why(id: string, nowMs: number): Why | null {
    const slot = this.slots.slotOf(id)
    if (slot === undefined) return null
    return whyWaiting(slot, nowMs, this.slots, this.order, this.reach, this.rules, this.shapes)
  }

  private pairUp(): void {
    const { pairing, found } = this
    pairing.run(this.line)
    const place = new Int32Array(2)
    const pair = { count: 2, place, team: Uint8Array.of(0, 1), teams: 2 }
    for (let p = 0; p < pairing.count; p++) {
      place[0] = pairing.low[p]!
      place[1] = pairing.high[p]!
      found.add(pair)
    }
  }
}
