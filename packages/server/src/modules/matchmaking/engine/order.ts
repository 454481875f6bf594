import { type Slots, slotWaiting } from './slots.ts'
import { sortByRating } from './sort.ts'

/**
 * All entries in order of rating; among equals, in order of arrival.
 * Newcomers gather unsorted. Once a pass they are sorted among themselves and merged with those already in order,
 * which drops those who left on the way: n + k log k for k newcomers, and joining and leaving cost nothing but a note.
 */
export class Order {
  count = 0
  slot = new Int32Array(1024)
  rating = new Float32Array(1024)
  sinceMs = new Float64Array(1024)
  private spareSlot = new Int32Array(1024)
  private spareRating = new Float32Array(1024)
  private spareSinceMs = new Float64Array(1024)
  private newcomers: number[] = []

  note(slot: number): void {
    this.newcomers.push(slot)
  }

  /** Brings the order up to date with who came and who left. */
  settle(slots: Slots): void {
    const came = this.liveNewcomers(slots)
    sortByRating(came, slots.rating)
    this.makeRoom(this.count + came.length)
    const { slot, rating, sinceMs, spareSlot, spareRating, spareSinceMs } = this
    const { state } = slots
    const comers = came.length
    let to = 0
    let c = 0
    let nextRating = comers > 0 ? slots.rating[came[0]!]! : Number.POSITIVE_INFINITY
    for (let i = 0; i < this.count; i++) {
      const s = slot[i]!
      if (state[s] !== slotWaiting) {
        slots.release(s)
        continue
      }
      const own = rating[i]!
      while (nextRating < own) {
        const comer = came[c]!
        spareSlot[to] = comer
        spareRating[to] = nextRating
        spareSinceMs[to++] = slots.sinceMs[comer]!
        c++
        nextRating = c < comers ? slots.rating[came[c]!]! : Number.POSITIVE_INFINITY
      }
      spareSlot[to] = s
      spareRating[to] = own
      spareSinceMs[to++] = sinceMs[i]!
    }
    for (; c < comers; c++) {
      const comer = came[c]!
      spareSlot[to] = comer
      spareRating[to] = slots.rating[comer]!
      spareSinceMs[to++] = slots.sinceMs[comer]!
    }
    this.swap(to)
  }

  /** The first place whose rating is not below the given one. */
  placeOf(rating: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.rating[middle]! < rating) low = middle + 1
      else high = middle
    }
    return low
  }

  private liveNewcomers(slots: Slots): Int32Array {
    const came = new Int32Array(this.newcomers.length)
    let count = 0
    for (const slot of this.newcomers) {
      if (slots.state[slot] === slotWaiting) came[count++] = slot
      else slots.release(slot)
    }
    this.newcomers = []
    return came.subarray(0, count)
  }

  private makeRoom(count: number): void {
    if (count <= this.spareSlot.length) return
    const capacity = Math.max(count, this.spareSlot.length * 2)
    this.spareSlot = new Int32Array(capacity)
    this.spareRating = new Float32Array(capacity)
    this.spareSinceMs = new Float64Array(capacity)
  }

  private swap(count: number): void {
    this.count = count
    ;[this.slot, this.spareSlot] = [this.spareSlot, this.slot]
    ;[this.rating, this.spareRating] = [this.spareRating, this.rating]
    ;[this.sinceMs, this.spareSinceMs] = [this.spareSinceMs, this.sinceMs]
  }
}
