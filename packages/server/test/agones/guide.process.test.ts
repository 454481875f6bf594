import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { musterHome, repository } from '../support/muster-process.ts'

it('plays on the server of the guide, as it stands there', async () => {
  const guide = await readFile(join(repository, 'docs/guides/agones.md'), 'utf8')
  const [serverCode = '', playerCode = ''] = [...guide.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code)
  const [, configText = ''] = /```json\n([\s\S]*?)```/.exec(guide) ?? []
  // Beside the packages, so that the examples import what stands there.
  const folder = await mkdtemp(join(repository, 'packages/server/dist/agones-'))
  try {
    const player = join(folder, 'player.mjs')
    await writeFile(join(folder, 'server.mjs'), serverCode)
    const config = JSON.parse(configText) as { modes: { hello: { server: { launch: { cwd?: string } } } } }
    config.modes.hello.server.launch.cwd = folder
    await using home = await musterHome(config)
    const muster = await home.start()
    await writeFile(player, playerCode.replace('http://127.0.0.1:3000', muster.url))
    const play = () => promisify(execFile)(process.execPath, [player], { timeout: 60_000 })
    for (let match = 0; match < 2; match++) {
      const outcomes = (await Promise.all([play(), play()])).map(({ stdout }) => stdout)
      expect(outcomes).toEqual(['Welcome, one of 2.\n', 'Welcome, one of 2.\n'])
      await muster.output.until(new RegExp(`(session ended[\\s\\S]*){${match + 1}}`))
    }
    const endings = [...muster.output.text().matchAll(/^.*session ended.*$/gm)].map(([line]) => JSON.parse(line))
    for (const ending of endings) {
      expect(ending).toMatchObject({
        to: 'abandoned',
        cause: 'server_lost',
        detail: 'The game server shut itself down.',
      })
    }
    expect(await muster.end('SIGTERM')).toBe(0)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
