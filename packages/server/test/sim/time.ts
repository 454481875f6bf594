import type { Cancel } from '../../src/platform/clock.ts'

interface Due {
  atMs: number
  /** Of two at one time the one that was asked for first comes first. */
  order: number
  run: (() => void) | null
}

const before = (one: Due, other: Due) => one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)

/** Lets every promise that can settle do so. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The one time of a simulated world: what happens next happens now. */
export class SimTime {
  #now: number
  #order = 0
  #ran = 0
  readonly #heap: Due[] = []
  #waitForReal: () => Promise<void> = settle

  constructor(startMs: number) {
    this.#now = startMs
  }

  get now(): number {
    return this.#now
  }

  /** Where real work is waited for besides, time stands still meanwhile. */
  waitFor(real: () => Promise<void>): void {
    this.#waitForReal = real
  }

  after(delayMs: number, run: () => void): Cancel {
    const due: Due = { atMs: this.#now + Math.max(0, delayMs), order: this.#order++, run }
    this.#push(due)
    return () => {
      due.run = null
    }
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve))
  }

  /** Events that were run so far. */
  get events(): number {
    return this.#ran
  }

  async runUntil(endMs: number, goOn: () => boolean = () => true): Promise<void> {
    await this.#waitForReal()
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= endMs && goOn(); next = this.#heap[0]) {
      this.#pop()
      if (next.run === null) continue
      this.#now = next.atMs
      this.#ran++
      next.run()
      await this.#waitForReal()
    }
    if (goOn()) this.#now = Math.max(this.#now, endMs)
  }

  #push(due: Due): void {
    const heap = this.#heap
    let at = heap.push(due) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(due, heap[parent] as Due)) break
      heap[at] = heap[parent] as Due
      at = parent
    }
    heap[at] = due
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Due
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Due, heap[child] as Due)) child++
      if (!before(heap[child] as Due, last)) break
      heap[at] = heap[child] as Due
      at = child
    }
    heap[at] = last
  }
}
