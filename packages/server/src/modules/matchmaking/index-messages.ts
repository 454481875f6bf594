import type { Match, QueueRules, Why } from './engine/index.ts'

/** What is said between the one who keeps the pool and a thread that keeps the indexes. */
export interface Changes {
  kind: 'changes'
  /** In order. Four numbers each: rating, size, since, front; all NaN for who leaves. */
  queues: string[]
  ids: string[]
  numbers: Float64Array
}

export type Question =
  | { kind: 'pass'; call: number; queue: string; nowMs: number; matchesMax: number }
  | { kind: 'why'; call: number; queue: string; id: string; nowMs: number }

export type Answered =
  | { call: number; found: Match[] }
  | { call: number; why: Why | null }
  | { call: number; failure: string }

export interface ThreadRules {
  rules: [string, QueueRules][]
}

export const numbersEach = 4
