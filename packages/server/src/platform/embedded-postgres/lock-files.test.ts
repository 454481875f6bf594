import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { pidIn, readPostmasterFile, removeStaleLockFile } from './lock-files.ts'

let pgdata: string
let path: string

beforeEach(async () => {
  pgdata = await mkdtemp(join(tmpdir(), 'muster-locks-'))
  path = join(pgdata, 'postmaster.pid')
})
afterEach(() => rm(pgdata, { recursive: true, force: true }))

it('reads what PostgreSQL writes, as far as it has been written', async () => {
  expect(readPostmasterFile(pgdata)).toBeUndefined()
  await writeFile(path, '')
  expect(readPostmasterFile(pgdata)).toBeUndefined()
  await writeFile(path, '17\n/proc/self/cwd\n1795206756\n5432\n')
  expect(readPostmasterFile(pgdata)).toEqual({ pid: 17, port: 5432, socketDir: '', isReady: false })
  await writeFile(path, '17\n/proc/self/cwd\n1795206756\n5432\n.\n\n 10035209         5\nready   \n')
  expect(readPostmasterFile(pgdata)).toEqual({ pid: 17, port: 5432, socketDir: '.', isReady: true })
  await writeFile(path, '17\n/proc/self/cwd\n1795206756\n5432\n.\n\n 10035209         5\nstopping\n')
  expect(readPostmasterFile(pgdata)?.isReady).toBe(false)
})

it('knows the pid of a server without connections, which PostgreSQL writes below zero', async () => {
  await writeFile(path, '-17\n')
  expect(pidIn(path)).toBe(17)
})

it('removes the file that it was told of', async () => {
  await writeFile(path, '17\nrest\n')
  removeStaleLockFile(path, 17)
  expect(await readdir(pgdata)).toEqual([])
  removeStaleLockFile(path, 17)
  expect(existsSync(path)).toBe(false)
})

it('puts back a file that somebody else has made in the meantime', async () => {
  await writeFile(path, '18\nrest\n')
  removeStaleLockFile(path, 17)
  expect(await readFile(path, 'utf8')).toBe('18\nrest\n')
  expect(await readdir(pgdata)).toEqual(['postmaster.pid'])
})
