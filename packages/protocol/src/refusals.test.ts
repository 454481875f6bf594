import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { refusals } from './refusals.ts'

const documented = new Map(
  [
    ...readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8').matchAll(
      /^\| `([A-Z_]+)` \| (\d+) \| (.+) \|$/gm,
    ),
  ].map(([, code, status, says]) => [code as string, { status: Number(status), says }]),
)

describe('docs/errors.md', () => {
  it('names every refusal as it is, and no other', () => {
    expect(Object.fromEntries(documented)).toEqual(refusals)
  })
})
