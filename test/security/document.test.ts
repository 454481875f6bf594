import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { root } from './source-texts.ts'

/** Where tests and suites stand, line by line. */
const lines = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts', '*-suite.ts'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((path) => path !== '' && existsSync(`${root}${path}`))
  .flatMap((path) => readFileSync(`${root}${path}`, 'utf8').split('\n'))

const rows = readFileSync(`${root}SECURITY.md`, 'utf8')
  .split('\n')
  .map((line) => /^\| (\d+) \| ([^|]+) \| (.+) \|$/.exec(line))
  .filter((row) => row !== null)
  .map(([, number, check, shown = '']) => ({
    ...{ number: Number(number), check, shown },
    names: [...shown.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  }))

describe('the table of the forty checks', () => {
  it('has each of them once, in order, with tests or with why not yet', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
    expect(rows.filter(({ names, shown }) => names.length === 0 && !/not yet/.test(shown))).toEqual([])
  })

  it('names tests that there are, under their number', () => {
    expect(rows.flatMap(({ names }) => names).length).toBeGreaterThan(80)
    const missing = rows.flatMap(({ number, names }) =>
      names
        .filter((name) => !lines.some((line) => line.includes(`[security ${number}]`) && line.includes(name)))
        .map((name) => `${number}: ${name}`),
    )
    expect(missing).toEqual([])
  })

  it('knows each number that a test carries', () => {
    const carried = new Set(
      lines.flatMap((line) => [...line.matchAll(/\[security (\d+)\] /g)].map(([, one]) => Number(one))),
    )
    const shown = new Set(rows.filter(({ names }) => names.length > 0).map(({ number }) => number))
    expect([...carried].filter((number) => !shown.has(number))).toEqual([])
  })
})
