import type { Order } from './order.ts'
import type { Reach } from './reach.ts'
import type { SettledRules } from './rules.ts'
import type { Slots } from './slots.ts'
import { reachAfter } from './window.ts'

/** What it costs to leave out an entry that goes first: more than any gap, less than one match fewer. */
export const dueCost = 2 ** 20

/** Breaks ties towards who waited longer, without weighing against any gap that can be felt. */
const tiePart = 1 / 4096

/** The entries of one pass in order of rating, side by side: all that the matching loops read. */
export class Line {
  count = 0
  slot = new Int32Array(0)
  rating = new Float32Array(0)
  sinceMs = new Float64Array(0)
  reach = new Float64Array(0)
  /** What it costs to leave the entry out: grows with its waiting, and leaps when it is overdue or was sent back. */
  cost = new Float64Array(0)
  size = new Uint8Array(0)

  draw(order: Order, slots: Slots, width: Reach, rules: SettledRules, nowMs: number): void {
    const { count } = order
    if (this.reach.length < count) this.makeRoom(order.slot.length)
    this.count = count
    this.slot = order.slot
    this.rating = order.rating
    this.sinceMs = order.sinceMs
    const { window, overdueMs } = rules
    const pointsPerMs = window.perSecond / 1000
    const { slot, rating, sinceMs, reach, cost, size } = this
    const { size: sizes, front } = slots
    const { isUniform } = width
    for (let i = 0; i < count; i++) {
      const s = slot[i]!
      const waitMs = Math.max(0, nowMs - sinceMs[i]!)
      reach[i] = reachAfter(waitMs, isUniform ? window.initial : width.initialAt(rating[i]!), window)
      size[i] = sizes[s]!
      const goesFirst = front[s] === 1 || waitMs >= overdueMs
      cost[i] = goesFirst ? dueCost + waitMs * pointsPerMs : waitMs * pointsPerMs * tiePart
    }
  }

  private makeRoom(capacity: number): void {
    this.reach = new Float64Array(capacity)
    this.cost = new Float64Array(capacity)
    this.size = new Uint8Array(capacity)
  }
}
