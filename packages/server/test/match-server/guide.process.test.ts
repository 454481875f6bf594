import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort, outputOf, repository } from '../support/muster-process.ts'
import { type DialectGround, dialectGround } from './dialect-ground.ts'

let ground: DialectGround
let folder: string

beforeAll(async () => {
  ground = await dialectGround()
  // Beside the packages, so that the example imports what stands there.
  folder = await mkdtemp(join(repository, 'packages/server/dist/guide-'))
})
afterAll(async () => {
  await ground[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

it('plays on the server of the guide, as it stands there', async () => {
  const guide = await readFile(join(repository, 'docs/guides/match-server-dialect.md'), 'utf8')
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? []
  const file = join(folder, 'server.mjs')
  await writeFile(file, code)
  const address = `127.0.0.1:${await freePort()}`
  const environment = { MUSTER_URL: ground.muster().url, ADDRESS: address, SERVER_USER: ground.serverKey }
  const server = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'], env: environment })
  try {
    await outputOf(server).until(/offered/)
    const pair = await ground.two()
    for (let match = 0; match < 2; match++) {
      const matches = await ground.confirmTogether(pair)
      expect(matches.map((one) => one.address)).toEqual([address, address])
      const lines = await Promise.all(pair.map((each, at) => each.enter(matches[at] as (typeof matches)[0])))
      for (const line of lines) await line.until('MatchStarting')
      for (const line of lines) expect(await line.closed).toBe(1000)
    }
    const ratings = await Promise.all(pair.map(({ username }) => ground.ratingOf(username)))
    expect((ratings[0] ?? 0) + (ratings[1] ?? 0)).toBeCloseTo(3_000, 5)
  } finally {
    server.kill('SIGKILL')
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  }
})
