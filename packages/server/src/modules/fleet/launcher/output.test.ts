import { appendFile, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type OutputOptions, readinessIn, readOutput } from './output.ts'
import { outputFile, outputFiles } from './output-files.ts'

describe('the output of a server', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-output-'))
    path = join(folder, 'a.log')
  })
  afterEach(() => rm(folder, { recursive: true }))
  const output = (over: Partial<OutputOptions> = {}) =>
    readOutput({ file: outputFile(path), bytesMax: 10_000_000, linesMax: 3, secrets: [], from: 'start', ...over })

  it('is read on, line by line, as it comes', async () => {
    const read = output()
    expect(await read.read(true)).toEqual([])
    await appendFile(path, 'one\ntw')
    expect(await read.read(true)).toEqual(['one'])
    expect(read.last()).toEqual(['one', 'tw'])
    await appendFile(path, 'o\nthree\nfour\n')
    expect(await read.read(false)).toEqual(['two', 'three', 'four'])
    expect(read.last()).toEqual(['two', 'three', 'four'])
    expect(read.count()).toBe(4)
  })

  it('[security 37] is shown without secrets, and without what would act on a terminal', async () => {
    const read = output({ secrets: ['s3cret'] })
    await writeFile(path, 'token s3cret!\n\u001b[31mred\u001b[0m\u0000\r\n')
    await read.read(true)
    expect(read.last()).toEqual(['token [redacted]!', 'red'])
  })

  it('keeps letters whole that stand across two readings', async () => {
    const read = output()
    const [head, tail] = [Buffer.from('ä\n').subarray(0, 1), Buffer.from('ä\n').subarray(1)]
    await appendFile(path, head)
    await read.read(true)
    await appendFile(path, tail)
    expect(await read.read(true)).toEqual(['ä'])
  })

  it('bounds the length of what it shows', async () => {
    const read = output()
    await writeFile(path, `${'x'.repeat(100_000)}\n`)
    await read.read(true)
    expect(read.last()[0]?.length).toBeLessThan(1_000)
  })

  it('is emptied beyond its bounds, and read on after it', async () => {
    const read = output({ bytesMax: 10 })
    await appendFile(path, 'a long line of output\n')
    await read.read(false)
    expect(read.overflowing).toBe(true)
    expect((await stat(path)).size).toBe(0)
    await appendFile(path, 'next\n')
    expect(await read.read(false)).toEqual(['next'])
    expect(read.overflowing).toBe(false)
  })

  it('of a flood gives the end, and with `whole` the beginning too', async () => {
    const flood = `first\n${'y'.repeat(99)}\n${`${'x'.repeat(99)}\n`.repeat(10_000)}last\n`
    await writeFile(path, flood)
    expect(await output().read(true)).toHaveLength(10_003)
    const end = await output({ from: 'tail' }).read(false)
    expect(end.at(-1)).toBe('last')
    expect(end.length).toBeLessThan(10_003)
  })

  it('tells readiness, with a port or without', () => {
    expect(readinessIn('MUSTER_READY port=7000')).toBe(7_000)
    expect(readinessIn('MUSTER_READY\r')).toBeNull()
    expect(readinessIn('MUSTER_READY port=99999')).toBeNull()
    expect(readinessIn('not MUSTER_READY')).toBeUndefined()
    expect(readinessIn('MUSTER_READY port=x')).toBeUndefined()
  })

  it('of long ago is removed, and the oldest beyond a number; that of living servers stays', async () => {
    const files = outputFiles(folder)
    await files.makeFolder()
    for (const [at, name] of ['old', 'middle', 'new', 'living'].entries()) {
      await writeFile(files.pathOf(name), '')
      await utimes(files.pathOf(name), at + 1, at + 1)
    }
    const living = new Set(['living'])
    expect(await files.removeOld({ before: 1_500, max: 10, living })).toBe(1)
    expect(await files.removeOld({ before: 0, max: 2, living })).toBe(1)
    expect((await readdir(join(folder, 'servers'))).sort()).toEqual(['living.log', 'new.log'])
  })
})
