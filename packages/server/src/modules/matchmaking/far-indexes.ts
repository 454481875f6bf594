import { Worker } from 'node:worker_threads'
import type { QueueRules } from './engine/index.ts'
import { type Answered, type Changes, numbersEach, type Question, type ThreadRules } from './index-messages.ts'
import type { Found, Indexes } from './indexes.ts'

/** Where indexes are kept: a thread, or the other end of a channel. */
export interface Keeper {
  post(message: Changes | Question, transfer: readonly ArrayBuffer[]): void
  hear(listener: (message: Answered) => void): void
  /** Calls back when it can answer no more. */
  whenBroken(listener: (error: Error) => void): void
  close(): void
}

interface Waiting {
  resolve(answered: Answered): void
  reject(error: Error): void
}

/** Changes are sent together: before the next question, or when so many have gathered. */
const gatheredMax = 1_000

/** Indexes kept elsewhere. If the keeper fails, every question fails, and `failed` is called once. */
export function farIndexes(keeper: Keeper, failed: (error: Error) => void): Indexes {
  const waiting = new Map<number, Waiting>()
  let calls = 0
  let broken: Error | null = null
  let queues: string[] = []
  let ids: string[] = []
  let numbers = new Float64Array(gatheredMax * numbersEach)

  const fail = (error: Error) => {
    if (broken !== null) return
    broken = error
    for (const one of waiting.values()) one.reject(error)
    waiting.clear()
    failed(error)
  }
  keeper.whenBroken(fail)
  keeper.hear((answered) => {
    const asked = waiting.get(answered.call)
    waiting.delete(answered.call)
    if ('failure' in answered) asked?.reject(new Error(answered.failure))
    else asked?.resolve(answered)
  })

  const flush = () => {
    if (ids.length === 0 || broken !== null) return
    keeper.post({ kind: 'changes', queues, ids, numbers }, [numbers.buffer])
    queues = []
    ids = []
    numbers = new Float64Array(gatheredMax * numbersEach)
  }
  const change = (queue: string, id: string, rating: number, size: number, sinceMs: number, front: number) => {
    const at = ids.length * numbersEach
    queues.push(queue)
    ids.push(id)
    numbers[at] = rating
    numbers[at + 1] = size
    numbers[at + 2] = sinceMs
    numbers[at + 3] = front
    if (ids.length >= gatheredMax) flush()
  }
  const ask = (question: (call: number) => Question): Promise<Answered> =>
    new Promise((resolve, reject) => {
      if (broken !== null) return reject(broken)
      flush()
      const call = ++calls
      waiting.set(call, { resolve, reject })
      keeper.post(question(call), [])
    })

  return {
    add: (queue, { id, rating, size, sinceMs, front }) => change(queue, id, rating, size, sinceMs, front ? 1 : 0),
    remove: (queue, id) => change(queue, id, Number.NaN, 0, 0, 0),
    async pass(queue, nowMs, matchesMax): Promise<Found> {
      const answered = await ask((call) => ({ kind: 'pass', call, queue, nowMs, matchesMax }))
      return 'found' in answered ? answered.found : []
    },
    async why(queue, id, nowMs) {
      const answered = await ask((call) => ({ kind: 'why', call, queue, id, nowMs }))
      return 'why' in answered ? answered.why : null
    },
    close() {
      broken ??= new Error('The indexes are closed.')
      for (const one of waiting.values()) one.reject(broken)
      waiting.clear()
      keeper.close()
    },
  }
}

/** Null where this code does not run as it is shipped: a thread can run JavaScript only. */
export const canHaveThread = import.meta.url.endsWith('.js')

/** Indexes in a thread of their own. */
export function threadIndexes(rules: ReadonlyMap<string, QueueRules>, failed: (error: Error) => void): Indexes {
  const workerData: ThreadRules = { rules: [...rules] }
  const worker = new Worker(new URL('./index-thread.js', import.meta.url), { workerData })
  worker.unref()
  return farIndexes(
    {
      post: (message, transfer) => worker.postMessage(message, transfer),
      hear: (listener) => void worker.on('message', listener),
      whenBroken(listener) {
        worker.on('error', listener)
        worker.on('exit', (code) => listener(new Error(`The thread of the matching indexes ended (${code}).`)))
      },
      close: () => void worker.terminate(),
    },
    failed,
  )
}
