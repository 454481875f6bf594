/** Does them in order, at most `atOnceMax` at a time. `run` must not throw. */
export async function workThrough<Item>(
  items: readonly Item[],
  atOnceMax: number,
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]()
  const worker = async () => {
    for (const item of rest) await run(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, worker))
}

export interface Inbox<Id> {
  add(ids: readonly Id[]): void
  /** Resolves when nothing is waiting or under way. */
  settled(): Promise<void>
  /** Takes no more; resolves when what is under way has ended. */
  stop(): Promise<void>
}

export interface InboxOptions {
  /** What finds no room is dropped: it is only a hint. */
  waitingMax: number
  batchMax: number
  /** Batches at once, so that one that has to wait does not hold up what comes after it. */
  lanes: number
}

/** Gathers ids, each once, and hands them on in batches. `handle` must not throw. */
export function inbox<Id>(
  { waitingMax, batchMax, lanes }: InboxOptions,
  handle: (ids: Id[]) => Promise<void>,
): Inbox<Id> {
  const waiting = new Set<Id>()
  const running = new Set<Promise<void>>()
  let stopped = false

  const run = async () => {
    // Those that are told of in one turn are handled together.
    await Promise.resolve()
    while (waiting.size > 0 && !stopped) {
      const batch = [...waiting].slice(0, batchMax)
      for (const id of batch) waiting.delete(id)
      await handle(batch)
    }
  }

  return {
    add(ids) {
      for (const id of ids) if (waiting.size < waitingMax) waiting.add(id)
      if (stopped || waiting.size === 0 || running.size >= lanes) return
      const lane = run()
      running.add(lane)
      void lane.finally(() => running.delete(lane))
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
    async stop() {
      stopped = true
      waiting.clear()
      await Promise.all(running)
    },
  }
}
