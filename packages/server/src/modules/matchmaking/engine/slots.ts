import type { EngineEntry } from './rules.ts'

export const slotFree = 0
export const slotWaiting = 1
/** Left, but the order of ratings still names the slot, so nobody else may have it yet. */
export const slotLeft = 2

const firstCapacity = 1024

/**
 * The entries, one column for each property, so that a million of them are a few flat arrays
 * and the loops over them allocate nothing. An entry keeps its slot for as long as it waits.
 */
export class Slots {
  capacity = firstCapacity
  rating = new Float32Array(firstCapacity)
  sinceMs = new Float64Array(firstCapacity)
  size = new Uint8Array(firstCapacity)
  front = new Uint8Array(firstCapacity)
  state = new Uint8Array(firstCapacity)
  id: string[] = []
  /** Players, not entries. */
  players = 0
  private slotById = new Map<string, number>()
  private free: number[] = []
  private used = 0

  get count(): number {
    return this.slotById.size
  }

  slotOf(id: string): number | undefined {
    return this.slotById.get(id)
  }

  put(entry: EngineEntry): number {
    const slot = this.free.pop() ?? this.used++
    if (slot >= this.capacity) this.grow()
    // Adding zero turns -0 into 0, which the radix sort would otherwise put apart.
    this.rating[slot] = entry.rating + 0
    this.sinceMs[slot] = entry.sinceMs
    this.size[slot] = entry.size
    this.front[slot] = entry.front ? 1 : 0
    this.state[slot] = slotWaiting
    this.id[slot] = entry.id
    this.players += entry.size
    this.slotById.set(entry.id, slot)
    return slot
  }

  leave(slot: number): void {
    this.slotById.delete(this.id[slot]!)
    this.markLeft(slot)
  }

  /** Many at once. When most of the entries go, naming anew those who stay is cheaper than striking out the rest. */
  leaveMany(slots: Int32Array, count: number): void {
    if (count * 2 < this.count) {
      for (let i = 0; i < count; i++) this.leave(slots[i]!)
      return
    }
    for (let i = 0; i < count; i++) this.markLeft(slots[i]!)
    const stay = new Map<string, number>()
    for (let slot = 0; slot < this.used; slot++) {
      if (this.state[slot] === slotWaiting) stay.set(this.id[slot]!, slot)
    }
    this.slotById = stay
  }

  /** The order no longer names the slot: somebody new may have it. */
  release(slot: number): void {
    this.state[slot] = slotFree
    this.free.push(slot)
  }

  private markLeft(slot: number): void {
    this.state[slot] = slotLeft
    this.players -= this.size[slot]!
    this.id[slot] = ''
  }

  private grow(): void {
    this.capacity *= 2
    this.rating = grown(this.rating, new Float32Array(this.capacity))
    this.sinceMs = grown(this.sinceMs, new Float64Array(this.capacity))
    this.size = grown(this.size, new Uint8Array(this.capacity))
    this.front = grown(this.front, new Uint8Array(this.capacity))
    this.state = grown(this.state, new Uint8Array(this.capacity))
  }
}

function grown<T extends Float32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
