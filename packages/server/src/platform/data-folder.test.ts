import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDataFolder } from './data-folder.ts'
import { ConfigError } from './options.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-data-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the data folder', () => {
  it('[security 20] makes a secret once, for its owner alone, and keeps the name of the node', async () => {
    const first = await openDataFolder(join(folder, 'data'))
    const again = await openDataFolder(join(folder, 'data'))
    expect(first.rootSecret).toHaveLength(32)
    expect(again).toEqual(first)
    expect((await stat(join(folder, 'data/secrets/root.key'))).mode & 0o777).toBe(0o600)
  })

  it('agrees with itself when opened twice at once', async () => {
    const opened = await Promise.all(Array.from({ length: 20 }, () => openDataFolder(folder)))
    expect(new Set(opened.map(({ rootSecret, node }) => `${rootSecret.toString('hex')} ${node}`)).size).toBe(1)
  })

  it('[security 20] refuses its own secret once others may read it', async () => {
    await openDataFolder(folder)
    await chmod(join(folder, 'secrets/root.key'), 0o644)
    await expect(openDataFolder(folder)).rejects.toThrow(/chmod 600/)
  })

  it('reads a secret that the operator mounted, and refuses what is none', async () => {
    const file = join(folder, 'key')
    await writeFile(file, `${'ab'.repeat(32)}\n`)
    expect((await openDataFolder(folder, file)).rootSecret.toString('hex')).toBe('ab'.repeat(32))
    await writeFile(file, 'hello')
    await expect(openDataFolder(folder, file)).rejects.toThrow(/64 hex digits/)
    const missing = openDataFolder(folder, join(folder, 'none'))
    await expect(missing).rejects.toThrow(/MUSTER_SECRET_FILE: it cannot be read/)
    await expect(missing).rejects.toThrow(ConfigError)
  })

  it('refuses a file in its place', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(openDataFolder(join(folder, 'file'))).rejects.toThrow(/MUSTER_DATA: .*file is not a folder/)
    await expect(openDataFolder(join(folder, 'file/data'))).rejects.toThrow(/is not a folder/)
  })

  it('makes the folders above it too', async () => {
    expect((await openDataFolder(join(folder, 'a/b/c'))).path).toBe(join(folder, 'a/b/c'))
  })

  it.runIf(process.platform === 'linux')(
    'refuses a place where no folder can be made, and does not try for ever',
    async () => {
      for (const place of ['/proc/muster-data', '/proc/muster-data/within']) {
        await expect(openDataFolder(place)).rejects.toThrow(/MUSTER_DATA: \/proc\/muster-data cannot be made: /)
      }
    },
  )
})
