import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { seededRandom } from '../random.ts'
import { MemoryEngine, memoryDb, memoryTable, type Place, type Rows, rowsIn } from './index.ts'

interface Row {
  id: string
  group: string
  at: number | null
}

const table = memoryTable<Row>(
  'rows',
  ({ id }) => id,
  {},
  { at: ({ id, group, at }) => (at === null ? null : [group, at, id]) },
)
const open = () => memoryDb(new MemoryEngine(), { clock: systemClock, random: seededRandom(1) })

function compare(one: Row, other: Row): number {
  if (one.group !== other.group) return one.group < other.group ? -1 : 1
  if (one.at !== other.at) return (one.at ?? 0) - (other.at ?? 0)
  return one.id === other.id ? 0 : one.id < other.id ? -1 : 1
}

async function put(rows: Rows<Row>, row: Row) {
  await rows.hold([row.id])
  if (rows.get(row.id) === null) await rows.insert(row)
  else rows.put(row)
}

const row = fc.record({
  id: fc.constantFrom(...'abcdefghij'),
  group: fc.constantFrom('x', 'y'),
  at: fc.option(fc.integer({ min: 0, max: 4 })),
})
const change = fc.oneof(row, fc.constantFrom(...'abcdefghij'))
const changes = fc.array(change, { maxLength: 30 })

async function apply(rows: Rows<Row>, list: (Row | string)[], model: Map<string, Row>) {
  for (const one of list) {
    if (typeof one !== 'string') {
      await put(rows, one)
      model.set(one.id, one)
    } else if (model.delete(one)) {
      await rows.hold([one])
      rows.remove(one)
    }
  }
}

describe('rows in an order', () => {
  it('are what sorting all of them gives, from any place, both ways, with what the transaction wrote', () =>
    fc.assert(
      fc.asyncProperty(changes, changes, row, async (before, own, probe) => {
        const db = open()
        const model = new Map<string, Row>()
        await db.transact((tx) => apply(rowsIn(tx, table), before, model))
        const expected = () => [...model.values()].filter(({ at }) => at !== null).sort(compare)
        const place: Place = probe.at === null ? [probe.group] : [probe.group, probe.at, probe.id]
        // A place that is shorter comes before all that begin with it.
        const isBehind = (one: Row) => (probe.at === null ? one.group >= probe.group : compare(one, probe) > 0)
        const isBefore = (one: Row) => (probe.at === null ? one.group < probe.group : compare(one, probe) < 0)
        const look = (rows: Rows<Row>) => ({
          all: [...rows.after('at', [])],
          reverse: [...rows.before('at', null)],
          behind: [...rows.after('at', place)],
          before: [...rows.before('at', place)],
        })
        const wanted = () => ({
          all: expected(),
          reverse: expected().reverse(),
          behind: expected().filter(isBehind),
          before: expected().filter(isBefore).reverse(),
        })
        await db.transact(async (tx) => {
          const rows = rowsIn(tx, table)
          expect(look(rows)).toEqual(wanted())
          await apply(rows, own, model)
          expect(look(rows)).toEqual(wanted())
        })
        expect(await db.once(async (tx) => look(rowsIn(tx, table)))).toEqual(wanted())
      }),
    ))

  it('have a place each', async () => {
    const shared = memoryTable<Row>('shared', ({ id }) => id, {}, { group: ({ group }) => [group] })
    const db = open()
    const both = db.transact(async (tx) => {
      await rowsIn(tx, shared).insert({ id: 'a', group: 'x', at: 0 })
      await rowsIn(tx, shared).insert({ id: 'b', group: 'x', at: 0 })
    })
    await expect(both).rejects.toThrow('Two rows stand at x.')
    await expect(db.once(async (tx) => rowsIn(tx, shared).after('none', []))).rejects.toThrow('has no order none')
  })
})
