import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const folder = new URL('.', import.meta.url)
const sources = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))

/** What would break in a browser, or has to be bundled for it. */
function complaintsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
  const imports = [...code.matchAll(/(import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'/g)]
  const packages = imports.filter(([, , type, from]) => type === undefined && !from?.startsWith('./'))
  const ambient = code.match(/\b(process|Buffer|require|__dirname|setImmediate|global)\b(?!:)/g) ?? []
  return [...packages.map(([, , , from]) => `imports ${from}`), ...ambient.map((name) => `uses ${name}`)]
}

describe('the client', () => {
  it.each(sources)('$name needs only what browsers have', ({ text }) => {
    expect(complaintsOf(text)).toEqual([])
  })

  it('would be found out', () => {
    expect(sources.length).toBeGreaterThan(8)
    expect(complaintsOf("import { x } from 'node:fs'\nBuffer.from(process.title)")).toEqual([
      'imports node:fs',
      'uses Buffer',
      'uses process',
    ])
    expect(complaintsOf("import type { Tokens } from '@muster/protocol'")).toEqual([])
  })
})
