import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { ConfigError, readOptions } from './options.ts'
import { describeOptions } from './options-help.ts'

const schema = Type.Object(
  {
    port: Type.Integer({ default: 3, minimum: 1, description: 'Where to listen' }),
    modes: Type.Record(
      Type.String({ pattern: '^[a-z]+$' }),
      Type.Object(
        { wait: Type.Number({ default: 5 }), who: Type.String() },
        { default: {}, additionalProperties: false },
      ),
      { default: {} },
    ),
  },
  { additionalProperties: false },
)

describe('options', () => {
  it('take their defaults, also inside what is named', () => {
    expect(readOptions(schema, { modes: { duel: { who: 'x' } } }, 'test')).toEqual({
      port: 3,
      modes: { duel: { who: 'x', wait: 5 } },
    })
  })

  it('name every wrong place and the reason, all at once', () => {
    const read = () => readOptions(schema, { port: 0, prot: 1, modes: { duel: { wait: 'long' } } }, 'muster.config.ts')
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(/muster\.config\.ts/)
    expect(read).toThrow(/port: must be >= 1, but is 0/)
    expect(read).toThrow(/no such option: prot/)
    expect(read).toThrow(/modes\.duel: missing: who/)
    expect(read).toThrow(/modes\.duel\.wait: must be number, but is "long"/)
  })

  it('do not change what was given', () => {
    const given = { modes: { duel: { who: 'x' } } }
    readOptions(schema, given, 'test')
    expect(given).toEqual({ modes: { duel: { who: 'x' } } })
  })

  it('describe themselves', () => {
    expect(describeOptions(schema)).toEqual([
      'port: integer = 3\n    Where to listen',
      'modes.<name>.wait: number = 5',
      'modes.<name>.who: string',
    ])
  })
})
