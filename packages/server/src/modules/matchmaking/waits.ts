import type { Clock } from '../../platform/clock.ts'
import type { SoftState } from '../../platform/soft-state.ts'
import { Waits } from './engine/index.ts'
import type { Pool } from './pool.ts'

/** What the matching process tells the others of a queue. */
export interface QueueNews {
  players: number
  estimateS: number | null
}

const key = 'matchmaking:queues'
const keptMs = 10_000
const readAgainMs = 1_000

/**
 * How many wait in each queue, and how long waiting took of late. Only the matching process knows; it leaves its figures
 * in soft state for the others, and for whoever matches after it. Where they are lost nothing is known for a moment.
 */
export function createWaits({ clock, soft }: { clock: Clock; soft: SoftState }, queues: readonly string[]) {
  const waits = new Map(queues.map((queue) => [queue, new Waits()]))
  let known: ReadonlyMap<string, QueueNews> = new Map()
  let readAt = Number.NEGATIVE_INFINITY
  let own = false

  const estimateOf = (queue: string): number | null => {
    const medianMs = waits.get(queue)?.medianMs ?? null
    return medianMs === null ? (known.get(queue)?.estimateS ?? null) : Math.round(medianMs / 100) / 10
  }

  return {
    note(queue: string, waitsMs: readonly number[]): void {
      for (const waitMs of waitsMs) waits.get(queue)?.note(waitMs)
    },
    /** The figures of the pool of this process. */
    async publish(pool: Pool): Promise<void> {
      own = true
      known = new Map(queues.map((queue) => [queue, { players: pool.playersIn(queue), estimateS: estimateOf(queue) }]))
      await soft.set(key, JSON.stringify([...known]), keptMs)
    },
    /** Another process matches from now on. */
    disown(): void {
      own = false
      readAt = Number.NEGATIVE_INFINITY
    },
    async read(): Promise<ReadonlyMap<string, QueueNews>> {
      const now = clock.now()
      if (own || now - readAt < readAgainMs) return known
      readAt = now
      const text = await soft.get(key).catch(() => null)
      if (text !== null) known = new Map(JSON.parse(text) as [string, QueueNews][])
      return known
    },
  }
}

export type QueueWaits = ReturnType<typeof createWaits>
