import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { wrapperOf } from './isolation.ts'
import { closedToOthers, findProgram } from './reach.ts'

const unlimited = Number.MAX_SAFE_INTEGER
const ceilings = { memoryMiB: unlimited, processes: unlimited, openFiles: unlimited, fileMiB: unlimited }
const tools = { prlimit: '/usr/bin/prlimit', setpriv: '/usr/bin/setpriv', ceilings }
const limits = { memoryMiB: 2, processes: 64, openFiles: 4_096, fileMiB: 1 }

describe('what is put before a command', () => {
  it('limits it and takes every right from it', () => {
    expect(wrapperOf(tools, limits, 200_007).join(' ')).toBe(
      '/usr/bin/prlimit --core=0 --data=2097152 --fsize=1048576 --nofile=4096 --nproc=64 /usr/bin/setpriv --no-new-privs --inh-caps=-all --reuid=200007 --regid=200007 --clear-groups',
    )
  })

  it('does not count the processes of Muster’s own user', () => {
    expect(wrapperOf(tools, limits, null).join(' ')).not.toMatch(/nproc|reuid|regid|groups/)
  })

  it('never asks for more than Muster itself may have', () => {
    const low = { ...tools, ceilings: { ...ceilings, openFiles: 1_024, memoryMiB: 1_000_000 } }
    expect(wrapperOf(low, limits, null)).toEqual(expect.arrayContaining(['--nofile=1024', '--data=1000000']))
  })
})

describe('what a user of its own could not reach', () => {
  let folder = ''
  const file = (name: string) => join(folder, name)
  const closed = (...command: string[]) => closedToOthers({ command, cwd: folder, environment: { PATH: folder } })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-reach-'))
    await chmod(folder, 0o755)
    await writeFile(file('game'), '', { mode: 0o755 })
    await writeFile(file('rules'), '', { mode: 0o644 })
    await writeFile(file('secret'), '', { mode: 0o600 })
    await mkdir(file('private'), { mode: 0o700 })
    await writeFile(file('private/game'), '', { mode: 0o755 })
    await symlink(file('private/game'), file('link'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is nothing where all is open', async () => {
    expect(await closed('game')).toBeNull()
    expect(await closed('./game', '--fast', 'rules')).toBeNull()
  })

  it('is what stands in a closed folder, be it behind a link', async () => {
    expect(await closed('private/game')).toBe(file('private'))
    expect(await closed('link')).toBe(file('private'))
    await chmod(folder, 0o700)
    expect(await closed('game')).toBe(folder)
  })

  it('is what an interpreter is to run, but not what it is told besides', async () => {
    expect(await closed('game', 'secret')).toBe(file('secret'))
    expect(await closed('game', 'rules', 'secret')).toBeNull()
  })

  it('is not asked of what is not there: that is another mistake', async () => {
    expect(await closed('nothing')).toBeNull()
    expect(await findProgram({ command: ['nothing'], cwd: folder, environment: {} })).toMatchObject({
      failure: 'command_not_found',
    })
    expect(await findProgram({ command: ['./rules'], cwd: folder, environment: {} })).toMatchObject({
      failure: 'not_permitted',
    })
  })
})
