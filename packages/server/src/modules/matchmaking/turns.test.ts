import { expect, it } from 'vitest'
import { createTurns } from './turns.ts'

it('lets only so many run at once, in order, and goes on after a failure', async () => {
  const turns = createTurns(2)
  const running = new Set<number>()
  const began: number[] = []
  let most = 0
  const run = (at: number) =>
    turns.take(async () => {
      running.add(at)
      began.push(at)
      most = Math.max(most, running.size)
      await new Promise((resolve) => setImmediate(resolve))
      running.delete(at)
      if (at === 1) throw new Error('planted')
      return at
    })
  const done = await Promise.allSettled(Array.from({ length: 7 }, (_, at) => run(at)))
  expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', ...Array(5).fill('fulfilled')])
  expect(began).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(most).toBe(2)
})
