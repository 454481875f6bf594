import { ClientFrame } from '@muster/protocol'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { answerFrame, errorFrame, pushFrame, readFrame } from './frames.ts'

describe('a client’s frame', () => {
  it.each([
    ['{"event":"ping"}', { event: 'ping' }],
    ['{"event":"ping","id":7}', { event: 'ping', id: 7 }],
    ['{"id":"a","data":{"x":[1]},"event":"e"}', { event: 'e', data: { x: [1] }, id: 'a' }],
    ['{"event":"e","data":null}', { event: 'e', data: null }],
    ['{"event":""}', { event: '' }],
  ])('is read: %s', (text, frame) => {
    expect(readFrame(text)).toEqual(frame)
  })

  it.each([
    ...['', ' ', '{', 'null', '7', '"ping"', '[]', '[{"event":"ping"}]', '{}', '{"event":7}', '{"event":null}'],
    ...[
      '{"event":"ping","id":null}',
      '{"event":"ping","id":1.5}',
      '{"event":"ping","id":{}}',
      '{"event":"e","more":1}',
    ],
    ...['{"event":"e","__proto__":{"x":1}}', '{"event":"e","constructor":{}}', '{"__proto__":{"event":"ping"}}'],
    ...[`{"event":"${'e'.repeat(65)}"}`, `{"event":"e","id":"${'i'.repeat(65)}"}`],
    '{"event":"ping"}{"event":"ping"}',
  ])('is refused: %s', (text) => {
    expect(readFrame(text)).toBeNull()
  })

  it('is what the protocol’s schema says, for anything that JSON can hold', () => {
    const anything = fc.record(
      {
        event: fc.oneof(fc.string({ maxLength: 80 }), fc.jsonValue()),
        data: fc.jsonValue(),
        id: fc.jsonValue(),
        x: fc.nat(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(anything, fc.jsonValue()), (value) => {
        const text = JSON.stringify(value)
        expect(readFrame(text) !== null).toBe(Value.Check(ClientFrame, JSON.parse(text)))
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes the deepest nesting that fits into a frame', () => {
    const depth = 32_000
    expect(readFrame(`{"event":"e","data":${'['.repeat(depth)}${']'.repeat(depth)}}`)).not.toBeNull()
  })
})

describe('a server’s frame', () => {
  it('carries the id of what it answers, and none where there was none', () => {
    expect(JSON.parse(answerFrame('pong', {}, 7))).toEqual({ event: 'pong', data: {}, id: 7 })
    expect(JSON.parse(answerFrame('pong', {}, undefined))).toEqual({ event: 'pong', data: {} })
    expect(JSON.parse(errorFrame('BUSY', 'Later.', 'a'))).toEqual({
      event: 'error',
      data: { code: 'BUSY', message: 'Later.' },
      id: 'a',
    })
    expect(JSON.parse(errorFrame('PAUSED', 'Wait.', undefined, 20))).toEqual({
      event: 'error',
      data: { code: 'PAUSED', message: 'Wait.', retry_after_s: 20 },
    })
  })

  it('carries a push’s number, and its data as kept', () => {
    expect(JSON.parse(pushFrame('match_found', '{"match_id":"m"}', 12))).toEqual({
      event: 'match_found',
      data: { match_id: 'm' },
      seq: 12,
    })
  })
})
