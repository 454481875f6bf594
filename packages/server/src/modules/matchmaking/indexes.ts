import { type EngineEntry, type Match, MatchIndex, type QueueRules, type Why } from './engine/index.ts'

/** What one pass found; each match is put together when it is asked for. */
export interface Found extends Iterable<Match> {
  readonly length: number
}

/** One index a queue. Asked as if it worked elsewhere, so that it may. */
export interface Indexes {
  add(queue: string, entry: EngineEntry): void
  remove(queue: string, id: string): void
  /** Takes the matched entries out of this queue. */
  pass(queue: string, nowMs: number, matchesMax: number): Promise<Found>
  why(queue: string, id: string, nowMs: number): Promise<Why | null>
  close(): void
}

/** In this thread. */
export function ownIndexes(rules: ReadonlyMap<string, QueueRules>): Indexes {
  const indexes = new Map([...rules].map(([queue, rule]) => [queue, new MatchIndex(rule)]))
  const indexOf = (queue: string): MatchIndex => {
    const index = indexes.get(queue)
    if (index === undefined) throw new Error(`There is no queue ${queue}.`)
    return index
  }
  let closed = false
  return {
    // Whoever still reads rows for a tenure that has ended meanwhile may go on, and it comes to nothing.
    add: (queue, entry) => void (closed || indexOf(queue).add(entry)),
    remove: (queue, id) => void (closed || indexOf(queue).remove(id)),
    pass: async (queue, nowMs, matchesMax) => indexOf(queue).pass(nowMs, matchesMax),
    why: async (queue, id, nowMs) => indexOf(queue).why(id, nowMs),
    close() {
      closed = true
      indexes.clear()
    },
  }
}
