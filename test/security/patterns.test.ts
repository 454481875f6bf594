import * as protocol from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { configSchema } from '../../packages/server/src/config.ts'
import { slowTextFor } from './slow-patterns.ts'
import { shippedSources } from './source-texts.ts'

/** Every pattern in a schema, for values and for names. As Ajv compiles them: by Unicode. */
function* patternsIn(schema: unknown, seen = new Set<unknown>()): Generator<string> {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return
  seen.add(schema)
  const { pattern, patternProperties } = schema as { pattern?: unknown; patternProperties?: object }
  if (typeof pattern === 'string') yield pattern
  yield* Object.keys(patternProperties ?? {})
  for (const inner of Object.values(schema)) yield* patternsIn(inner, seen)
}

/** A literal stands where a value may begin, and ends before what may follow one. */
const literal =
  /(?<=[=(,:!&|?[{;]\s*|\breturn )\/((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)(?=[\s.,;:)\]}])/g

describe('[security 31] patterns', () => {
  const ofSchemas = [...new Set(patternsIn([protocol, configSchema]))]
  const ofSources = shippedSources().flatMap(({ path, text }) =>
    [...text.matchAll(literal)].map(([, source = '', flags = '']) => ({ path, source, flags })),
  )

  it('of every schema take 64 KiB of anything within ten milliseconds', { timeout: 60_000 }, () => {
    expect(ofSchemas.length).toBeGreaterThan(20)
    const slow = ofSchemas.flatMap((source) => {
      const text = slowTextFor(new RegExp(source, 'u'))
      return text === null ? [] : [`${source} ${text}`]
    })
    expect(slow).toEqual([])
  })

  it('of every source do, too', { timeout: 120_000 }, () => {
    expect(ofSources.length).toBeGreaterThan(40)
    const slow = ofSources.flatMap(({ path, source, flags }) => {
      const text = slowTextFor(new RegExp(source, flags))
      return text === null ? [] : [`${path}: /${source}/${flags} ${text}`]
    })
    expect(slow).toEqual([])
  })

  it.each(['^(a+)+$', '^(a|a)*$', '(.*)*=', '\\s+$', '^([a-z0-9]+-?)+!$'])('that are slow are found: %s', (source) => {
    expect(slowTextFor(new RegExp(source))).not.toBeNull()
  })
})
