import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { complaintsOf, rules, type SourceFile } from './tidy/rules.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What git tracks, and what it would: a new file is held to the rules before it is committed. */
function sources(): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed
    .split('\n')
    .filter((path) => path !== '' && existsSync(`${root}${path}`))
    .map((path) => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }))
}

describe('tidy', () => {
  const files = sources()

  it('finds nothing to complain of', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(files.flatMap(complaintsOf)).toEqual([])
  })

  it('keeps the median file below a hundred lines', () => {
    const own = files.filter(({ path }) => path.startsWith('packages/') && !/\.test\.ts$/.test(path))
    const lengths = own.map(({ text }) => text.split('\n').length - 1).sort((a, b) => a - b)
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThan(100)
  })
})

describe('tidy finds what is planted', () => {
  const at = (path: string, text: string): SourceFile => ({ path: `packages/server/src/${path}`, text })
  const planted: [keyof typeof rules, SourceFile, RegExp][] = [
    ['modulesMeetByTypesOnly', at('modules/fleet/a.ts', "import { x } from '../identity/index.ts'"), /more than types/],
    ['modulesMeetByTypesOnly', at('modules/fleet/a.ts', "import type { X } from '../identity/store.ts'"), /behind/],
    ['modulesMeetByTypesOnly', at('modules/fleet/a.ts', "import type { X } from '../sessions/index.ts'"), /looks up/],
    ['modulesMeetByTypesOnly', at('modules/fleet/a.ts', "import type { X } from '../presence/index.ts'"), /sideways/],
    ['modulesMeetByTypesOnly', at('modules/fleet/a.ts', "import { config } from '../../config.ts'"), /imports config/],
    ['modulesMeetByTypesOnly', at('modules/lobby/a.ts', 'export const a = 1'), /no tier/],
    [
      'platformKnowsNoGame',
      at('platform/a.ts', "import type { X } from '../modules/fleet/index.ts'"),
      /platform imports/,
    ],
    ['domainIsPure', at('modules/fleet/domain.ts', "import { createDb } from '../../platform/db.ts'"), /a domain/],
    ['domainIsPure', at('modules/fleet/domain.ts', "import { randomBytes } from 'node:crypto'"), /a domain/],
    ['groundIsHandedIn', at('modules/fleet/a.ts', 'const now = Date.now()'), /the clock/],
    ['groundIsHandedIn', at('modules/fleet/a.ts', 'setTimeout(run, 5)'), /a timer/],
    ['groundIsHandedIn', at('cli/a.ts', 'const home = process.env.HOME'), /the environment/],
    ['groundIsHandedIn', at('modules/fleet/a.ts', 'const p = Math.random()'), /chance/],
    ['tablesStayAtHome', at('modules/fleet/a.ts', "db.selectFrom('sessions_seats')"), /sessions_seats/],
    ['tablesStayAtHome', at('modules/fleet/a.ts', 'sql`select 1 from presence_places where 1`'), /presence_places/],
    ['filesStaySmall', at('a.ts', 'x\n'.repeat(401)), /401 lines/],
    ['namesSayWhat', at('modules/fleet/fleet-utils.ts', ''), /is named/],
    ['namesSayWhat', at('modules/fleet/Fleet.ts', ''), /kebab/],
    ['namesSayWhat', at('modules/fleet/a.ts', 'export default 1'), /default export/],
    ['nothingIsLeftOpen', at('a.ts', `// ${'TO'}${'DO'} later`), /promises/],
    ['nothingIsLeftOpen', at('a.test.ts', `it.${'on'}${'ly'}('x', run)`), /focused/],
    ['secretsAreComparedBlind', at('modules/fleet/a.ts', 'if (givenToken === keptToken) admit()'), /secret/],
  ]

  it.each(planted)('%s', (rule, file, complaint) => {
    expect(rules[rule]?.(file).join('\n')).toMatch(complaint)
  })

  it('[security 16] finds what compares something secret otherwise than in constant time', () => {
    const compared = (code: string) => complaintsOf(at('modules/fleet/a.ts', code)).join('\n')
    for (const code of ['given.signature !== own', 'if (secret === kept)', 'digest == other']) {
      expect(compared(code), code).toMatch(/secret/)
    }
    expect(compared('if (token === undefined) return timingSafeEqual(given, kept)')).toBe('')
  })

  it('lets what is right pass', () => {
    const fine = at(
      'modules/sessions/a.ts',
      "import type { Fleet } from '../fleet/index.ts'\n// Date.now() is not read.\n",
    )
    expect(complaintsOf(fine)).toEqual([])
  })
})
