import type { Clock } from './clock.ts'

export interface GatherOptions {
  /** How long the first of a batch waits for others; with 0, only for those of the same turn. */
  delayMs: number
  batchMax: number
  /** Beyond this many waiting, adding is refused by `refuse`. */
  waitingMax: number
  refuse: () => Error
}

/**
 * Gathers single writes for a moment and does them together. Each caller gets its own answer, or the batch's failure.
 * While one batch runs the next one gathers, so a busy store is asked more at a time, not more often.
 */
export function gather<Item, Answer>(
  clock: Clock,
  options: GatherOptions,
  writeAll: (items: Item[]) => Promise<Answer[]>,
): (item: Item) => Promise<Answer> {
  interface Waiting {
    item: Item
    resolve: (answer: Answer) => void
    reject: (error: unknown) => void
  }
  let waiting: Waiting[] = []
  let timed = false
  let running = false

  const flush = async () => {
    timed = false
    if (running || waiting.length === 0) return
    running = true
    const batch = waiting.slice(0, options.batchMax)
    waiting = waiting.slice(options.batchMax)
    try {
      const answers = await writeAll(batch.map((one) => one.item))
      batch.forEach((one, index) => {
        one.resolve(answers[index] as Answer)
      })
    } catch (error) {
      for (const one of batch) one.reject(error)
    } finally {
      running = false
      if (waiting.length > 0) void flush()
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= options.waitingMax) return reject(options.refuse())
      waiting.push({ item, resolve, reject })
      if (running || timed) return
      timed = true
      if (options.delayMs === 0) queueMicrotask(() => void flush())
      else clock.after(options.delayMs, () => void flush())
    })
}
