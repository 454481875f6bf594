import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { musterHome, repository } from './support/muster-process.ts'

/** The first example of a document. */
async function exampleIn(path: string): Promise<string> {
  const [, code] = /```js\n([\s\S]*?)```/.exec(await readFile(join(repository, path), 'utf8')) ?? []
  if (code === undefined) throw new Error(`${path} has no example.`)
  return code
}

it('plays the example of the player SDK on the example of the game server SDK', async () => {
  // Beside the packages, so that the examples import what stands there.
  const folder = await mkdtemp(join(repository, 'packages/server/dist/examples-'))
  try {
    const [server, player] = [join(folder, 'toss.mjs'), join(folder, 'player.mjs')]
    await writeFile(server, await exampleIn('packages/gameserver/README.md'))
    const launch = { command: [process.execPath, server], ports: [42_200, 42_219], processesMax: 2 }
    await using home = await musterHome({
      modes: { toss: { server: { launch } } },
      boards: { toss: { rating: { system: 'elo' } } },
      queues: { toss: { mode: 'toss', board: 'toss', acceptTimeoutS: 15 } },
    })
    const muster = await home.start()
    const code = await exampleIn('packages/client/README.md')
    expect(code).toContain('http://127.0.0.1:3000')
    await writeFile(player, code.replace('http://127.0.0.1:3000', muster.url))
    const play = () => promisify(execFile)(process.execPath, [player], { timeout: 60_000 })
    const outcomes = (await Promise.all([play(), play()])).map(({ stdout }) => stdout)
    expect(outcomes.sort()).toEqual(['lost, rated 1484\n', 'won, rated 1516\n'])
    expect(await muster.end('SIGTERM')).toBe(0)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
