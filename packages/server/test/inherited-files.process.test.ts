import { openSync } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@muster/client'
import { expect, it } from 'vitest'
import { musterHome, processesOf } from './support/muster-process.ts'

const fixture = fileURLToPath(new URL('./fixtures/hostile-server.mjs', import.meta.url))
const config = {
  modes: {
    raid: {
      server: {
        launch: { command: [process.execPath, fixture, 'stubborn'], ports: [42_790, 42_799], processesMax: 1 },
      },
      private: { playersMax: 1 },
    },
  },
}

/** What each open file of a process is, by its number. */
async function openIn(pid: number): Promise<Record<string, string>> {
  const folder = `/proc/${pid}/fd`
  const all = (await readdir(folder)).map(async (fd) => [fd, await readlink(join(folder, fd)).catch(() => '')] as const)
  return Object.fromEntries(await Promise.all(all))
}

it.runIf(process.platform === 'linux')(
  '[security 37] a launched server is handed none of the files that Muster was started with',
  async () => {
    // This file stands for one that only Muster's own user may read.
    const secret = fileURLToPath(import.meta.url)
    const fd = openSync(secret, 'r')
    await using home = await musterHome(config, { handsDown: { 9: fd, 60: fd, 251: fd, 700: fd } })
    const muster = await home.start()
    const client = createClient({ url: muster.url })
    await client.guest('rook')
    await client.hostGame({ mode: 'raid' })
    const [server] = await processesOf(`MUSTER_API_URL=${home.url}`)
    // Muster itself keeps them: one may be the lock that it runs under.
    expect(await openIn(muster.pid)).toMatchObject({ 9: secret, 60: secret, 251: secret })
    const held = await openIn(server!.pid)
    expect(Object.values(held)).not.toContain(secret)
    expect(held).toMatchObject({ 60: '/dev/null', 251: '/dev/null' })
    await muster.end('SIGTERM')
  },
)
