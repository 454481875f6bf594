import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { processFacts } from './embedded-postgres/processes.ts'
import { lockFolder } from './folder-lock.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-lock-'))
  path = join(folder, 'node.lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('is held by one, and by the next when that one lets go', async () => {
  const first = await lockFolder(path)
  await expect(lockFolder(path)).rejects.toThrow(`${folder} is in use by another Muster (process ${process.pid})`)
  await first[Symbol.asyncDispose]()
  const second = await lockFolder(path)
  // Whoever let go has nothing to let go of any more.
  await second[Symbol.asyncDispose]()
  expect(await readdir(folder)).toEqual([])
})

it('is held by another process for as long as that one lives', async () => {
  await writeFile(path, `${process.ppid}/${processFacts(process.ppid)?.stamp}`)
  await expect(lockFolder(path)).rejects.toThrow(`(process ${process.ppid})`)
})

it.each(['999999999/1', `${process.pid}/another start`, ''])('is taken over from who is gone: %j', async (identity) => {
  await writeFile(path, identity)
  await using _ = await lockFolder(path)
  await expect(lockFolder(path)).rejects.toThrow(`(process ${process.pid})`)
})

it('is given to one of many who ask at once', async () => {
  await writeFile(path, '999999999/1')
  const asked = await Promise.allSettled(Array.from({ length: 5 }, () => lockFolder(path)))
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})
