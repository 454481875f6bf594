import { describe, expect, it } from 'vitest'
import { unstorableTexts } from './text.ts'

describe('text that no store can keep', () => {
  it('[security 32] is found wherever it stands, every place of it', () => {
    expect(unstorableTexts({ a: [1, { b: 'x\u0000' }], c: '\u0000' }, 'body')).toMatchObject([
      { field: 'body.a.1.b' },
      { field: 'body.c' },
    ])
    expect(unstorableTexts({ 'a\u0000': 1 }, 'body')).toMatchObject([{ field: 'body' }])
    expect(unstorableTexts('\ud800', 'body')).toMatchObject([{ field: 'body' }])
    expect(unstorableTexts(Array(1_000).fill('\u0000'), 'body')).toHaveLength(20)
  })

  it('is nothing that people write', () => {
    expect(unstorableTexts({ a: ['Ünïcödé 🎲', '\n\t', null, true, 5] }, 'body')).toEqual([])
  })

  it('is a number as well that is beyond all numbers', () => {
    expect(unstorableTexts(JSON.parse('{"stats":[{"k":1e400}]}'), 'body')).toEqual([
      { field: 'body.stats.0.k', problem: 'is a number too large to keep' },
    ])
    expect(unstorableTexts(JSON.parse('[-1e400]'), 'body')).toMatchObject([{ field: 'body.0' }])
    expect(unstorableTexts(Number.MAX_VALUE, 'body')).toEqual([])
  })

  it('is looked for only so deep, and nothing deeper is taken', () => {
    const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    expect(unstorableTexts(nested(64), 'body')).toEqual([])
    expect(unstorableTexts(nested(65), 'body')).toMatchObject([{ problem: 'is nested deeper than 64' }])
    expect(unstorableTexts(nested(32_000), 'body')).toMatchObject([{ problem: 'is nested deeper than 64' }])
  })
})
