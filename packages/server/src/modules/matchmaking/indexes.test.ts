import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { farIndexes, type Keeper } from './far-indexes.ts'
import { keepIndexes } from './index-keeper.ts'
import { type Indexes, ownIndexes } from './indexes.ts'

const rules = new Map([
  ['duel', { teams: 2, teamSize: 1, window: { initial: 100, perSecond: 10 } }],
  ['team', { teams: 2, teamSize: 2, window: { initial: 100, perSecond: 0 } }],
])

/** The same, at the other end of a channel. */
function throughChannel(): { indexes: Indexes; keeper: Keeper; failures: Error[] } {
  const { port1, port2 } = new MessageChannel()
  keepIndexes(port2, rules)
  const failures: Error[] = []
  const listeners: ((error: Error) => void)[] = []
  const keeper: Keeper = {
    post: (message, transfer) => port1.postMessage(message, transfer),
    hear: (listener) => void port1.on('message', listener),
    whenBroken: (listener) => void listeners.push(listener),
    close() {
      port1.close()
      for (const listener of listeners) listener(new Error('gone'))
    },
  }
  return { indexes: farIndexes(keeper, (error) => failures.push(error)), keeper, failures }
}

const entry = (id: string, rating: number, over: object = {}) => ({
  ...{ id, rating, size: 1, sinceMs: 0, front: false, ...over },
})

it('let who still reads for them go on once they are closed', () => {
  const indexes = ownIndexes(rules)
  indexes.add('duel', entry('a', 1))
  indexes.close()
  indexes.add('duel', entry('b', 1))
  indexes.remove('duel', 'a')
})

describe.each([
  ['in this thread', () => ownIndexes(rules)],
  ['elsewhere', () => throughChannel().indexes],
])('indexes %s', (_, open) => {
  it('find who suits whom, in each queue for itself', async () => {
    const indexes = open()
    for (const [id, rating] of Object.entries({ a: 1, b: 50, c: 5_000 })) indexes.add('duel', entry(id, rating))
    for (const id of ['a', 'd', 'e']) indexes.add('team', entry(id, 1))
    const found = await indexes.pass('duel', 1, 10)
    expect(found).toHaveLength(1)
    expect([...found].map(({ teams }) => teams.flat().sort())).toEqual([['a', 'b']])
    expect(await indexes.pass('duel', 1, 10)).toHaveLength(0)
    indexes.add('team', entry('p', 1, { size: 1 }))
    expect(await indexes.pass('team', 1, 10)).toHaveLength(1)
    indexes.close()
  })

  it('keep the order of coming and leaving', async () => {
    const indexes = open()
    indexes.add('duel', entry('a', 1))
    indexes.add('duel', entry('b', 1))
    indexes.remove('duel', 'a')
    expect(await indexes.pass('duel', 1, 10)).toHaveLength(0)
    indexes.remove('duel', 'b')
    indexes.add('duel', entry('b', 1, { front: true }))
    indexes.add('duel', entry('a', 1))
    expect(await indexes.pass('duel', 1, 10)).toHaveLength(1)
    indexes.close()
  })

  it('take no more than asked, and say why one waits', async () => {
    const indexes = open()
    for (let at = 0; at < 2_500; at++) indexes.add('duel', entry(`e${at}`, at))
    expect(await indexes.pass('duel', 1, 3)).toHaveLength(3)
    expect(await indexes.why('duel', 'nobody', 1)).toBeNull()
    indexes.add('duel', entry('far', 90_000))
    await indexes.pass('duel', 1, 1)
    expect(await indexes.why('duel', 'far', 1)).toMatchObject({ reason: 'no_rating_near', playersInWindow: 0 })
    indexes.close()
  })

  it('refuse a queue that there is not', async () => {
    const indexes = open()
    await expect(indexes.pass('nope', 1, 1)).rejects.toThrow('There is no queue nope')
    indexes.close()
  })
})

it('fails every question when the keeper fails, and says so once', async () => {
  const { indexes, keeper, failures } = throughChannel()
  indexes.add('duel', entry('a', 1))
  const asked = indexes.pass('duel', 1, 1)
  keeper.close()
  await expect(asked).rejects.toThrow('gone')
  await expect(indexes.pass('duel', 1, 1)).rejects.toThrow('gone')
  expect(failures).toHaveLength(1)
})
