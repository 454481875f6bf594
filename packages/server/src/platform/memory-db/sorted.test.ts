import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SortedRows } from './sorted.ts'

interface Row {
  at: number
  say: string
}

const row = fc.record({ at: fc.integer({ min: 0, max: 40 }), say: fc.string({ maxLength: 1 }) })

it('keeps rows in their order through chunks that split and vanish', () =>
  fc.assert(
    fc.property(
      fc.array(fc.tuple(row, fc.boolean()), { maxLength: 200 }),
      fc.integer({ min: -1, max: 41 }),
      (all, from) => {
        const sorted = new SortedRows<Row>(({ at }) => [at], 4)
        const model = new Map<number, Row>()
        for (const [one, isThere] of all) {
          const after = isThere ? one : null
          sorted.replace(model.get(one.at) ?? null, after)
          if (after === null) model.delete(one.at)
          else model.set(one.at, after)
        }
        const expected = [...model.values()].sort((one, other) => one.at - other.at)
        expect([...sorted.after([])]).toEqual(expected)
        expect([...sorted.after([from])]).toEqual(expected.filter(({ at }) => at > from))
        expect([...sorted.before(null)]).toEqual(expected.toReversed())
        expect([...sorted.before([from])]).toEqual(expected.filter(({ at }) => at < from).toReversed())
      },
    ),
  ))

it('moves a row to its new place', () => {
  const sorted = new SortedRows<Row>(({ at }) => (at < 0 ? null : [at]), 4)
  const rows = Array.from({ length: 30 }, (_, at) => ({ at, say: 'old' }))
  for (const one of rows) sorted.replace(null, one)
  sorted.replace(rows[7] as Row, { at: 99, say: 'moved' })
  sorted.replace(rows[8] as Row, { at: -1, say: 'out' })
  sorted.replace({ at: -1, say: 'out' }, { at: 7, say: 'in' })
  const found = [...sorted.after([5])].map(({ at, say }) => `${at} ${say}`)
  expect([found.slice(0, 3), found.at(-1), found.length]).toEqual([['6 old', '7 in', '9 old'], '99 moved', 24])
})
