import { expect, it } from 'vitest'
import type * as Far from './far-indexes.ts'

const built = new URL('../../../dist/modules/matchmaking/far-indexes.js', import.meta.url).href
const rules = new Map([['duel', { teams: 2, teamSize: 1, window: { initial: 100, perSecond: 10 } }]])

it('matches in a thread of its own, and says when the thread is gone', async () => {
  const { canHaveThread, threadIndexes } = (await import(built)) as typeof Far
  expect(canHaveThread).toBe(true)
  const failures: Error[] = []
  const indexes = threadIndexes(rules, (error) => failures.push(error))
  for (let at = 0; at < 10_000; at++) {
    indexes.add('duel', { id: `entry_${at}`, rating: at, size: 1, sinceMs: 0, front: false })
  }
  const found = await indexes.pass('duel', 1, 10_000)
  expect(found).toHaveLength(5_000)
  // No engine takes such an entry; the thread must not live on with an index that lacks it.
  indexes.add('duel', { id: 'entry_x', rating: 1, size: 99, sinceMs: 0, front: false })
  await expect(indexes.pass('duel', 1, 1)).rejects.toThrow(/size must be/)
  expect(failures).toHaveLength(1)
  indexes.close()
})
