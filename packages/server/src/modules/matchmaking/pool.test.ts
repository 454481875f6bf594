import type { EntryId } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import type { Waiter } from './domain.ts'
import { ownIndexes } from './indexes.ts'
import { createPool } from './pool.ts'

const rules = { teams: 2, teamSize: 1, window: { initial: 100, perSecond: 0 } }
const open = (names = ['duel', 'fun']) =>
  createPool(
    names.map((name) => ({ name, teamSize: 1 })),
    ownIndexes(new Map(names.map((one) => [one, rules]))),
  )
const id = (name: string): EntryId => `entry_${name}`
const entry = (name: string, over: Partial<Waiter> = {}): Waiter => ({
  ...{ id: id(name), size: 1, queues: ['duel'], ratings: [1_500], version: 1, waitingSince: 0 },
  ...{ front: false, seenAt: 0, ...over },
})

describe('the pool', () => {
  it('takes who is matched in one queue out of all', async () => {
    const pool = open()
    const both = { queues: ['duel', 'fun'], ratings: [1_500, 1_500] }
    for (const name of ['a', 'b']) pool.put(entry(name, both))
    pool.put(entry('c', { queues: ['fun'] }))
    const { matches } = await pool.pass('duel', 1, 10)
    expect(matches.map(({ teams }) => teams.flat().sort())).toEqual([[id('a'), id('b')]])
    expect([pool.playersIn('duel'), pool.playersIn('fun'), pool.entries]).toEqual([0, 1, 1])
    expect((await pool.pass('fun', 1, 10)).matches).toEqual([])
  })

  it('gives back to all queues, with the waiting time', async () => {
    const pool = open()
    const both = { queues: ['duel', 'fun'], ratings: [1_500, 1_500] }
    pool.put(entry('a', { ...both, waitingSince: 7 }))
    pool.put(entry('b', both))
    await pool.pass('duel', 9, 10)
    pool.matched(id('b'), 9)
    pool.giveBack(id('a'))
    expect([pool.playersIn('duel'), pool.playersIn('fun')]).toEqual([1, 1])
    expect(pool.sinceOf(id('a'))).toBe(7)
    pool.put(entry('c', { queues: ['fun'] }))
    expect((await pool.pass('fun', 9, 10)).matches).toHaveLength(1)
  })

  it('believes no old reading of an entry that has gone, but a newer one', async () => {
    const pool = open()
    pool.put(entry('a'))
    pool.put(entry('b'))
    await pool.pass('duel', 1, 10)
    expect(pool.put(entry('a'))).toBe(false)
    pool.matched(id('a'), 1)
    expect(pool.put(entry('a'))).toBe(false)
    expect(pool.has(id('a'))).toBe(false)
    expect(pool.put(entry('a', { version: 3, front: true }))).toBe(true)
    pool.matched(id('a'), 1)
    expect(pool.has(id('a'))).toBe(true)
    pool.drop(id('a'), 1)
    expect(pool.put(entry('a', { version: 3 }))).toBe(false)
  })

  it('forgets what it remembers of those gone', () => {
    const pool = open()
    pool.put(entry('a'))
    pool.drop(id('a'), 0)
    pool.put(entry('b'))
    pool.drop(id('b'), 29_999)
    expect(pool.put(entry('a'))).toBe(false)
    pool.put(entry('c'))
    pool.drop(id('c'), 30_000)
    expect(pool.put(entry('a'))).toBe(true)
    expect(pool.put(entry('b'))).toBe(false)
  })

  it('keeps only the queues that there are, with their own ratings', async () => {
    const pool = open(['fun'])
    expect(pool.put(entry('a'))).toBe(false)
    expect(pool.knows(entry('a'))).toBe(false)
    expect(pool.put(entry('p', { queues: ['fun'], size: 2 }))).toBe(false)
    const partly = { queues: ['duel', 'fun'], ratings: [1, 900] }
    expect(pool.put(entry('a', partly))).toBe(true)
    pool.put(entry('b', { queues: ['fun'], ratings: [950] }))
    const { matches } = await pool.pass('fun', 1, 10)
    expect(matches[0]?.gap).toBe(50)
  })

  it('says when something has changed since the last pass', async () => {
    const pool = open()
    expect(pool.hasChanged('duel')).toBe(false)
    pool.put(entry('a'))
    expect([pool.hasChanged('duel'), pool.hasChanged('fun')]).toEqual([true, false])
    await pool.pass('duel', 1, 10)
    expect(pool.hasChanged('duel')).toBe(false)
    pool.drop(id('a'), 1)
    expect(pool.hasChanged('duel')).toBe(false)
  })

  it('goes on where its indexes are moved to', async () => {
    const pool = open()
    const both = { queues: ['duel', 'fun'], ratings: [1_500, 900] }
    for (const name of ['a', 'b']) pool.put(entry(name, both))
    pool.moveTo(
      ownIndexes(
        new Map([
          ['duel', rules],
          ['fun', rules],
        ]),
      ),
    )
    pool.put(entry('c', { queues: ['fun'], ratings: [900] }))
    expect((await pool.pass('fun', 1, 1)).matches).toHaveLength(1)
    expect(pool.entries).toBe(1)
  })

  it('gives back the others where one left while the pass was under way elsewhere', async () => {
    const own = ownIndexes(new Map([['duel', rules]]))
    let whilePassing: () => void = () => undefined
    const pool = createPool([{ name: 'duel', teamSize: 1 }], {
      ...own,
      async pass(queue, now, max) {
        const found = await own.pass(queue, now, max)
        whilePassing()
        return found
      },
    })
    for (const name of ['a', 'b', 'c', 'd']) pool.put(entry(name))
    whilePassing = () => pool.drop(id('b'), 1)
    const first = await pool.pass('duel', 1, 10)
    expect(first).toMatchObject({ found: 2, matches: [{}] })
    whilePassing = () => undefined
    expect(pool.entries).toBe(1)
    pool.put(entry('e'))
    expect((await pool.pass('duel', 2, 10)).matches).toHaveLength(1)
  })
})
