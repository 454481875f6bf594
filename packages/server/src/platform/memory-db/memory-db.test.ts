import { describe, expect, it } from 'vitest'
import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { simulatedClock } from '../../../test/support/simulated-clock.ts'
import type { Tx } from '../db.ts'
import { seededRandom } from '../random.ts'
import {
  type Commit,
  MemoryEngine,
  type MemoryTx,
  memoryDb,
  memoryOf,
  memorySequence,
  memoryTable,
  rowsIn,
} from './index.ts'

interface Note {
  id: string
  words: readonly string[]
}

const table = memoryTable<Note>('notes', ({ id }) => id, { word: ({ words }) => words })
const notes = (tx: Tx) => rowsIn(tx, table)
const note = (id: string, ...words: string[]): Note => ({ id, words })
const idsIn = (rows: readonly Note[]) => rows.map(({ id }) => id).sort()
const planted = new Error('planted')

async function change(tx: Tx, id: string, ...words: string[]) {
  for (const one of await notes(tx).hold([id])) notes(tx).put(note(one.id, ...words))
}

describe('the database in memory', () => {
  const open = async (...rows: Note[]) => {
    const ground = createMemoryDb()
    await ground.db.transact(async (tx) => {
      for (const row of rows) await notes(tx).insert(row)
    })
    return ground
  }

  describe('indexes', () => {
    it('show what is committed, and what one wrote oneself', async () => {
      const { db } = await open(note('a', 'x', 'y'), note('b', 'x'), note('c'))
      const seen = (tx: Tx) => ['x', 'y', 'z'].map((word) => idsIn(notes(tx).by('word', word)).join(''))
      await db.transact(async (tx) => {
        expect(seen(tx)).toEqual(['ab', 'a', ''])
        await change(tx, 'a', 'z')
        await notes(tx).hold(['b'])
        notes(tx).remove('b')
        await notes(tx).insert(note('d', 'x'))
        expect(seen(tx)).toEqual(['d', '', 'a'])
        expect(notes(tx).valuesIn('word').sort()).toEqual(['x', 'y', 'z'])
        expect(idsIn(notes(tx).all())).toEqual(['a', 'c', 'd'])
        expect(await db.once(async (other) => seen(other))).toEqual(['ab', 'a', ''])
      })
      await db.once(async (tx) => {
        expect(seen(tx)).toEqual(['d', '', 'a'])
        expect(notes(tx).valuesIn('word').sort()).toEqual(['x', 'z'])
        expect(() => notes(tx).by('colour', 'x')).toThrow('no index colour')
      })
    })
  })

  it('changes no row that is not held', async () => {
    const { db } = await open(note('a'))
    await db.transact(async (tx) => {
      expect(() => notes(tx).put(note('a', 'x'))).toThrow('without being held')
      await notes(tx).hold(['a'], 'share')
      expect(() => notes(tx).remove('a')).toThrow('without being held')
    })
  })

  it('keeps no lock of what has ended, however it ended', async () => {
    const { db, engine, untilWaiting } = await open(note('a'), note('b'))
    const waiting: Promise<unknown>[] = []
    await db.transact(async (tx) => {
      await notes(tx).hold(['a'])
      notes(tx).remove('a')
      waiting.push(
        db.transact((other) => notes(other).hold(['b', 'a', 'c'])),
        db.transact((other) => notes(other).insert(note('a'))),
        db.transact((other) => notes(other).hold(['a'], 'share')),
      )
      await untilWaiting(3)
    })
    await Promise.all(waiting)
    await db.transact((tx) => Promise.reject([tx, planted])).catch(() => undefined)
    expect({ held: engine.locks.held, waiting: engine.locks.waiting }).toEqual({ held: 0, waiting: 0 })
  })

  it('undoes a transaction from outside, also where it waits, and lets it do nothing more', async () => {
    const { db, engine, untilWaiting } = await open(note('a'), note('b'))
    const seen: unknown[] = []
    let other: MemoryTx | undefined
    let waiting: Promise<unknown> | undefined
    await db.transact(async (tx) => {
      await change(tx, 'a', 'first')
      waiting = db
        .transact(async (second) => {
          other = memoryOf(second)
          await change(second, 'b', 'never')
          await change(second, 'a', 'never').catch((error) => seen.push(error))
          await change(second, 'b', 'never')
        })
        .catch((error) => seen.push(error))
      await untilWaiting(1)
      other?.rollback(planted)
      await change(tx, 'b', 'first')
    })
    await waiting
    expect(seen).toEqual([planted, planted])
    expect(engine.locks.held).toBe(0)
    expect(await db.once(async (tx) => notes(tx).all())).toEqual([note('a', 'first'), note('b', 'first')])
  })

  it('ends a wait that lasts too long, and the transaction with it', async () => {
    const clock = simulatedClock()
    const engine = new MemoryEngine({ limitWait: (end) => clock.after(20_000, end) })
    const db = memoryDb(engine, { clock, random: seededRandom(1) })
    await db.transact((tx) => notes(tx).insert(note('a')))
    let attempts = 0
    await db.transact(async (tx) => {
      await change(tx, 'a', 'first')
      const late = db
        .transact((other) => {
          attempts++
          return change(other, 'a', 'late')
        })
        .catch((error) => error.code)
      await clock.advance(19_999)
      expect(engine.locks.waiting).toBe(1)
      await clock.advance(1)
      expect(await late).toBe('57014')
    })
    expect({ attempts, held: engine.locks.held }).toEqual({ attempts: 1, held: 0 })
    // Nobody ends what waits no more.
    await clock.advance(60_000)
    expect(await db.once(async (tx) => notes(tx).all())).toEqual([note('a', 'first')])
  })

  it('does what one transaction asks at once one after the other', async () => {
    const { db, engine, untilWaiting } = await open(note('a'), note('b'), note('c'))
    let both: Promise<unknown> | undefined
    await db.transact(async (tx) => {
      await notes(tx).hold(['a', 'b'])
      both = db.transact((other) => Promise.all(['a', 'b', 'c'].map((id) => change(other, id, 'x'))))
      await untilWaiting(1)
    })
    await both
    expect(engine.locks.held).toBe(0)
    expect(await db.once(async (tx) => idsIn(notes(tx).by('word', 'x')))).toEqual(['a', 'b', 'c'])
  })

  it('can be interrupted at each step: before the commit nothing remains, after it everything', async () => {
    const { engine } = await open()
    const points: string[] = []
    let fatal = ''
    const db = memoryDb(engine, {
      ...{ clock: simulatedClock(), random: seededRandom(1) },
      interrupt(point) {
        points.push(point)
        return point === fatal ? Promise.reject(planted) : undefined
      },
    })
    const add = (id: string) => db.transact((tx) => notes(tx).insert(note(id)))
    await add('a')
    for (const point of ['begin', 'commit', 'committed']) {
      fatal = point
      await expect(add(point)).rejects.toBe(planted)
    }
    expect(points.join(' ')).toBe('begin commit committed begin begin commit begin commit committed')
    fatal = ''
    expect(await db.once(async (tx) => idsIn(notes(tx).all()))).toEqual(['a', 'committed'])
    expect(engine.locks.held).toBe(0)
  })

  it('tells what each commit changed, in their order', async () => {
    const { db, engine } = await open(note('a'))
    const commits: Commit[] = []
    engine.onCommit((commit) => commits.push(commit))
    await db.transact(async (tx) => {
      await change(tx, 'a', 'x')
      await notes(tx).insert(note('b'))
      await notes(tx).insert(note('c'))
      notes(tx).remove('c')
    })
    await db.transact((tx) => notes(tx).hold(['a']))
    await expect(db.transact((tx) => change(tx, 'a', 'never').then(() => Promise.reject(planted)))).rejects.toBe(
      planted,
    )
    await db.transact(async (tx) => {
      await notes(tx).hold(['b'])
      notes(tx).remove('b')
    })
    expect(commits).toMatchObject([
      {
        serial: 2,
        changes: [
          { table: 'notes', key: 'a', before: note('a'), after: note('a', 'x') },
          { table: 'notes', key: 'b', before: null, after: note('b') },
        ],
      },
      { serial: 3, changes: [{ table: 'notes', key: 'b', before: note('b'), after: null }] },
    ])
  })

  it('numbers transactions when they first hold or write, and knows which are under way', async () => {
    const { db, engine } = await open(note('a'))
    const first = engine.nextWriter
    await db.transact(async (tx) => {
      notes(tx).get('a')
      expect(engine.nextWriter).toBe(first)
      await notes(tx).hold(['none'])
      expect(engine.nextWriter).toBe(first)
      await notes(tx).hold(['a'], 'share')
      expect(engine.nextWriter).toBe(first + 1)
      await db.transact((other) => notes(other).insert(note('b')))
      expect(engine).toMatchObject({ settledBefore: first, endedBefore: first + 2, nextWriter: first + 2 })
      expect(memoryOf(tx).writer).toBe(first)
    })
    await expect(
      db.transact(async (tx) => {
        notes(tx).holdFree(['a'])
        expect(engine).toMatchObject({ settledBefore: first + 2, endedBefore: first + 2 })
        throw planted
      }),
    ).rejects.toBe(planted)
    expect(engine).toMatchObject({ settledBefore: first + 3, endedBefore: first + 3 })
  })

  it('counts on in sequences, with gaps where a transaction came to nothing', async () => {
    const next = memorySequence()
    const { db } = await open()
    const draw = () => db.transact(async (tx) => next(tx))
    expect([await draw(), await draw()]).toEqual([1, 2])
    await db.transact(async (tx) => Promise.reject(next(tx))).catch(() => undefined)
    expect(await draw()).toBe(4)
    expect(await createMemoryDb().db.once(async (tx) => next(tx))).toBe(1)
  })
})
