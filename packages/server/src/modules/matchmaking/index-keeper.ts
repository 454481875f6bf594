import type { QueueRules } from './engine/index.ts'
import { type Answered, type Changes, numbersEach, type Question } from './index-messages.ts'
import { ownIndexes } from './indexes.ts'

/** Keeps the indexes for somebody at the other end of a port. */
export function keepIndexes(
  port: {
    on(event: 'message', listener: (message: Changes | Question) => void): unknown
    postMessage(it: Answered): void
  },
  rules: ReadonlyMap<string, QueueRules>,
): void {
  const indexes = ownIndexes(rules)

  function change({ queues, ids, numbers }: Changes): void {
    for (let at = 0; at < ids.length; at++) {
      const [queue, id] = [queues[at] as string, ids[at] as string]
      const [rating, size, sinceMs, front] = numbers.subarray(at * numbersEach, (at + 1) * numbersEach)
      if (rating === undefined || Number.isNaN(rating)) indexes.remove(queue, id)
      else indexes.add(queue, { id, rating, size: size ?? 1, sinceMs: sinceMs ?? 0, front: front === 1 })
    }
  }

  async function answer(question: Question): Promise<Answered> {
    const { call, queue, nowMs } = question
    try {
      return question.kind === 'pass'
        ? { call, found: [...(await indexes.pass(queue, nowMs, question.matchesMax))] }
        : { call, why: await indexes.why(queue, question.id, nowMs) }
    } catch (error) {
      return { call, failure: (error as Error).message }
    }
  }

  port.on('message', (message) => {
    if (message.kind === 'changes') change(message)
    else void answer(message).then((answered) => port.postMessage(answered))
  })
}
