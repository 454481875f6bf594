import { describe, expect, it } from 'vitest'
import { unstorableText } from './text.ts'

describe('text that no store can keep', () => {
  it('is found wherever it stands', () => {
    expect(unstorableText({ a: [1, { b: 'x\u0000' }] }, 'body')).toMatchObject({ field: 'body.a.1.b' })
    expect(unstorableText({ 'a\u0000': 1 }, 'body')).toMatchObject({ field: 'body' })
    expect(unstorableText('\ud800', 'body')).toMatchObject({ field: 'body' })
  })

  it('is nothing that people write', () => {
    expect(unstorableText({ a: ['Ünïcödé 🎲', '\n\t', null, true, 5] }, 'body')).toBeNull()
  })

  it('is looked for only so deep, and nothing deeper is taken', () => {
    const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    expect(unstorableText(nested(64), 'body')).toBeNull()
    expect(unstorableText(nested(65), 'body')).toMatchObject({ problem: 'is nested deeper than 64' })
    expect(unstorableText(nested(32_000), 'body')).toMatchObject({ problem: 'is nested deeper than 64' })
  })
})
