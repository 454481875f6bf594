import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { repository } from './support/muster-process.ts'

const run = promisify(execFile)
const packages = ['protocol', 'client', 'gameserver']

/** The guide's commands, run in a folder that has nothing to do with the checkout. No registry is asked. */
describe('the SDKs in a project of one’s own', () => {
  let folder: string
  let guide: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-sdks-'))
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'my-game', private: true, type: 'module' }))
    const words = 'typeof createClient, launched()'
    const imports = "import { createClient } from '@muster/client'\nimport { launched } from '@muster/gameserver'\n"
    await writeFile(join(folder, 'game.js'), `${imports}console.log(${words})\n`)
    guide = await readFile(join(repository, 'docs/guides/sdks.md'), 'utf8')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const play = async () => (await run(process.execPath, ['game.js'], { cwd: folder })).stdout

  it('are linked from a checkout', async () => {
    const [, paths = ''] = /^npm install (\.\.\/muster\/.*)$/m.exec(guide) ?? []
    const linked = paths.split(' ').map((path) => join(repository, path.replace('../muster/', '')))
    expect(linked).toHaveLength(2)
    await run('npm', ['install', '--offline', '--no-audit', ...linked], { cwd: folder })
    expect(await play()).toBe('function null\n')
  })

  it('are packed whole, so that what is packed is enough', async () => {
    const [, names = ''] = /^npm pack (.*) --pack-destination/m.exec(guide) ?? []
    await run('npm', ['pack', ...names.split(' '), '--pack-destination', folder], { cwd: repository })
    for (const name of packages) {
      expect(guide).toContain(`./vendor/muster-${name}-0.1.0.tgz`)
      const home = join(folder, 'node_modules/@muster', name)
      await mkdir(home, { recursive: true })
      await run('tar', ['xzf', `muster-${name}-0.1.0.tgz`, '-C', home, '--strip-components=1'], { cwd: folder })
    }
    // What npm would fetch for them.
    await run('cp', ['-R', join(repository, 'node_modules/typebox'), join(folder, 'node_modules/typebox')])
    expect(await play()).toBe('function null\n')
  })
})
