import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FoundMatch } from '@muster/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './support/eventually.ts'
import { findTogether, newPlayer, type Player } from './support/journey-players.ts'
import { type Home, type MusterProcess, musterHome, processesOf } from './support/muster-process.ts'

const fixture = fileURLToPath(new URL('./fixtures/hostile-server.mjs', import.meta.url))
const isRoot = process.geteuid?.() === 0
/** Nobody: owns nothing, may do nothing. */
const nobody = 65_534

const behaviours = { hoards: [], floods: [], stubborn: [], escapes: [], bare: ['escapes', 'bare'] }
const endsByItself = new Set(['hoards', 'floods'])
const limits = { memoryMiB: 192, fileMiB: 8, processes: 64, openFiles: 256 }
/** A port each: what a server prints and leaves behind is told by it. */
const portOf = (mode: string) => 42_700 + Object.keys(behaviours).indexOf(mode)
const queue = { teams: 2, teamSize: 1, board: null, acceptTimeoutS: 5 }
const config = {
  modes: Object.fromEntries(
    Object.entries(behaviours).map(([mode, words]) => {
      const command = [process.execPath, fixture, ...(words.length > 0 ? words : [mode])]
      const launch = {
        command,
        ports: [portOf(mode), portOf(mode)],
        processesMax: 1,
        stopGraceS: 1,
        lingerS: 0,
        limits,
      }
      // Nobody comes to play, so a session is soon over, unless its server is to end by itself.
      return [mode, { server: { launch }, loadingTimeoutS: endsByItself.has(mode) ? 120 : 3 }]
    }),
  ),
  queues: Object.fromEntries(Object.keys(behaviours).map((mode) => [mode, { ...queue, mode }])),
  fleet: { launchLookS: 0.5, launchScanS: 1, strayGraceS: 1 },
}

describe('where Muster is not root', () => {
  let home: Home
  let muster: MusterProcess
  const players: Player[] = []

  beforeAll(async () => {
    home = await musterHome(config, isRoot ? { uid: nobody } : {})
    muster = await home.start()
  })
  afterAll(async () => {
    for (const { gateway } of players) gateway.close()
    await home[Symbol.asyncDispose]()
  })

  async function play(mode: string): Promise<FoundMatch> {
    const two = [await newPlayer(muster.url, `${mode}-ann`), await newPlayer(muster.url, `${mode}-bob`)]
    players.push(...two)
    const [found] = await findTogether(two, mode)
    return found!
  }
  const serverOf = (mode: string) => processesOf(`MUSTER_PORT=${portOf(mode)}`)
  const left = async (mode: string) => (await processesOf(`sleep\u000010${portOf(mode)}`)).map(({ pid }) => pid)
  const over = (mode: string) => eventually(`the end of ${mode}`, async () => (await serverOf(mode)).length === 0)

  /** It does now what it will not survive. */
  async function tell(mode: string): Promise<void> {
    for (const { pid } of await serverOf(mode)) process.kill(pid, 'SIGUSR2')
  }

  it('[security 37] says at the start what servers are not kept from', () => {
    expect(muster.output.text()).toContain('A launched server runs as Muster’s own user')
    expect(muster.output.text()).toContain('where it runs as root')
  })

  it('kills a server that ignores SIGTERM; it had no new privileges, and was to be ended before Muster', async () => {
    await play('stubborn')
    const [{ pid } = { pid: 0 }] = await serverOf('stubborn')
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    expect(status).toMatch(/^NoNewPrivs:\s1$/m)
    expect(/^Uid:\s(\d+)/m.exec(status)?.[1]).toBe(String(isRoot ? nobody : process.getuid?.()))
    expect((await readFile(`/proc/${pid}/oom_score_adj`, 'utf8')).trim()).toBe('800')
    await over('stubborn')
  })

  it('[security 37] ends a memory hog at its limit', async () => {
    await play('hoards')
    await tell('hoards')
    await over('hoards')
  })

  it('ends a flood of output at its limit', async () => {
    await play('floods')
    await tell('floods')
    await over('floods')
    const folder = join(home.data, 'servers')
    const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size)
    expect(Math.max(...(await Promise.all(sizes)))).toBeLessThanOrEqual(limits.fileMiB * 1_048_576)
  })

  it('[security 37] ends what escapes with its marks, into a session of its own', async () => {
    await play('escapes')
    expect(await left('escapes')).toHaveLength(2)
    await over('escapes')
    expect(await left('escapes')).toEqual([])
  })

  it('[security 37] does not find what escapes without them: for that a server needs a user of its own', async () => {
    await play('bare')
    await over('bare')
    const escaped = await left('bare')
    expect(escaped).toHaveLength(2)
    for (const pid of escaped) process.kill(pid, 'SIGKILL')
  })

  it('does not start where a user of its own is required for each server', async () => {
    const strict = { modes: { stubborn: config.modes.stubborn }, fleet: { isolation: 'always' } }
    await using other = await musterHome(strict, isRoot ? { uid: nobody } : {})
    await expect(other.start()).rejects.toThrow(
      /fleet\.isolation is `always`, but: A launched server runs as Muster’s own user/,
    )
  })

  it('goes on through all of it', async () => {
    expect((await fetch(new URL('/readyz', muster.url))).status).toBe(200)
  })
})
