import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LauncherGround, launcherGround, seen } from '../../../../test/support/launcher-ground.ts'
import { createLog } from '../../../platform/log.ts'
import type { LaunchSource } from '../config.ts'
import { processesByUser } from './process-users.ts'

const fixture = fileURLToPath(new URL('../../../../test/fixtures/hostile-server.mjs', import.meta.url))
const isRoot = process.geteuid?.() === 0

if (!isRoot) {
  console.warn(
    'NOT SHOWN HERE: that launched servers have users of their own, for these tests do not run as root. Run them as root, too.',
  )
}

describe.runIf(isRoot)('where Muster is root, a launched server', () => {
  let ground: LauncherGround
  beforeEach(async () => {
    ground = await launcherGround()
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  const hostile = (behaviour: string, over: Partial<LaunchSource> = {}, ...words: string[]) =>
    ground.mode(behaviour, { command: [process.execPath, fixture, behaviour, ...words], ...over })
  const limits = (over: Partial<LaunchSource['limits']>) => ({
    limits: { memoryMiB: 512, processes: 64, openFiles: 256, fileMiB: 64, ...over },
  })
  const userOf = (server: string) =>
    seen(async () => (await ground.users?.takenBy(ground.node))?.find((user) => user.server === server))
  const runningAs = async (uid: number) => (await processesByUser(uid, uid)).get(uid)?.pids ?? []
  const nothingLeft = (uid: number) => seen(async () => (await runningAs(uid)).length === 0)
  const takenBack = () => seen(async () => (await ground.users?.takenBy(ground.node))?.length === 0)
  const printedBy = async (server: string) => {
    const text = await readFile(join(ground.dataDir, 'servers', `${server}.log`), 'utf8')
    const said = text.split('\n').filter((line) => /^\w+=/.test(line))
    return Object.fromEntries(
      said.map((line) => line.split(/=(.*)/s)).map(([name, value]) => [name, JSON.parse(value!)]),
    )
  }

  it('[security 37] has a user of its own, and sees no secret of Muster’s or of another server’s', async () => {
    ground.mode('ready')
    const secret = join(ground.dataDir, 'secret')
    await writeFile(secret, 'of Muster alone', { mode: 0o600 })
    const muster = await ground.muster({ outputLinesMax: 100 })
    const other = await muster.ask('ready')
    await muster.ready(other!.session)
    const neighbour = await userOf(other!.server)
    const othersOutput = join(ground.dataDir, 'servers', `${other!.server}.log`)
    hostile('looks', limits({}), secret, othersOutput, neighbour.home)
    const asked = await muster.ask('looks')
    await muster.ready(asked!.session)
    const { uid } = await userOf(asked!.server)
    expect(uid).not.toBe(neighbour.uid)
    expect(await printedBy(asked!.server)).toEqual({
      Uid: `${uid}\t${uid}\t${uid}\t${uid}`,
      Gid: `${uid}\t${uid}\t${uid}\t${uid}`,
      Groups: '',
      NoNewPrivs: '1',
      CapInh: '0000000000000000',
      CapEff: '0000000000000000',
      core: '0',
      oom: '800',
      environments: [],
      files: ['EACCES', 'EACCES', 'EACCES'],
      stdout: 'opened',
    })
    // Muster itself knows both of them.
    const known = (await ground.living()).filter(({ leads }) => leads).map(({ server }) => server)
    expect(known.sort()).toEqual([other!.server, asked!.server].sort())
  })

  it('has a folder of its own, which is gone with it', async () => {
    hostile('stubborn', { stopGraceS: 0 })
    const muster = await ground.muster()
    const asked = await muster.ask('stubborn')
    await muster.ready(asked!.session)
    const { uid, home } = await userOf(asked!.server)
    expect(await stat(home)).toMatchObject({ uid, gid: uid, mode: 0o40700 })
    await writeFile(join(home, 'left'), 'behind')
    await muster.letGo(asked!.session)
    expect(await ground.ended(asked!.server)).toMatchObject({ exit_signal: 'SIGKILL' })
    await takenBack()
    await expect(stat(home)).rejects.toThrow('ENOENT')
  })

  it('[security 37] cannot take the machine with a fork bomb, and all of it ends with the session', async () => {
    const processes = 48
    hostile('bomb', { ...limits({ processes }), stopGraceS: 0 })
    ground.mode('ready')
    // Nobody ends them one by one meanwhile.
    const muster = await ground.muster({ strayGraceS: 20 })
    const asked = await muster.ask('bomb')
    await muster.ready(asked!.session)
    const { uid } = await userOf(asked!.server)
    // Its threads count, too, so fewer processes fill what it may have.
    const most = await seen(async () => {
      const { length } = await runningAs(uid)
      return length > processes / 2 && length
    })
    expect(most).toBeLessThanOrEqual(processes)
    const meanwhile = await muster.ask('ready')
    await muster.ready(meanwhile!.session)
    expect((await runningAs(uid)).length).toBeLessThanOrEqual(processes)
    await muster.letGo(asked!.session)
    await ground.ended(asked!.server)
    await nothingLeft(uid)
    expect(await muster.view(meanwhile!.session)).toMatchObject({ failure: null, ready: true })
  })

  it('[security 37] cannot leave anything behind, be it in a session of its own and without any mark', async () => {
    hostile('escapes', {}, 'bare')
    const muster = await ground.muster()
    const asked = await muster.ask('escapes')
    await muster.ready(asked!.session)
    const { uid } = await userOf(asked!.server)
    await seen(async () => (await runningAs(uid)).length === 3)
    await muster.letGo(asked!.session)
    await ground.ended(asked!.server)
    await nothingLeft(uid)
    await takenBack()
  })

  it('leaves nothing behind when Muster stops them all', async () => {
    hostile('escapes', {}, 'bare')
    const muster = await ground.muster({ onStop: 'kill' })
    const asked = await muster.ask('escapes')
    await muster.ready(asked!.session)
    const { uid } = await userOf(asked!.server)
    await muster.stop()
    expect(await runningAs(uid)).toEqual([])
    expect(await ground.users?.takenBy(ground.node)).toEqual([])
  })

  it('keeps its user while Muster is away, and what it left behind is ended afterwards', async () => {
    hostile('escapes', {}, 'bare')
    const first = await ground.muster()
    const [plays, dies] = [await first.ask('escapes'), await first.ask('escapes')]
    await first.ready(plays!.session)
    await first.ready(dies!.session)
    const [played, died] = [await userOf(plays!.server), await userOf(dies!.server)]
    first.crash()
    process.kill(await ground.pidOf(dies!.server), 'SIGKILL')
    const second = await ground.muster({ strayGraceS: 0.2 })
    expect(await second.failed(dies!.session)).toMatchObject({ cause: 'lost' })
    await nothingLeft(died.uid)
    expect((await userOf(plays!.server)).uid).toBe(played.uid)
    expect(await runningAs(played.uid)).toHaveLength(3)
    await second.letGo(plays!.session)
    await nothingLeft(played.uid)
    await takenBack()
  })

  it('[security 37] ends alone when it takes more memory than it may: by the kernel', async () => {
    hostile('hoards', limits({ memoryMiB: 192 }))
    // Muster itself does not look so soon.
    const muster = await ground.muster({ launchLookS: 10 })
    const asked = await muster.ask('hoards')
    await muster.ready(asked!.session)
    const { uid } = await userOf(asked!.server)
    process.kill(await ground.pidOf(asked!.server), 'SIGUSR2')
    expect(await muster.failed(asked!.session)).toMatchObject({ cause: 'exited' })
    expect((await ground.ended(asked!.server)).exit_signal).not.toBe('SIGKILL')
    await nothingLeft(uid)
  })

  it('[security 37] ends alone when it takes more memory than it may, in many processes: by Muster', async () => {
    hostile('hoardsTogether', limits({ memoryMiB: 160, processes: 256 }))
    const muster = await ground.muster()
    const asked = await muster.ask('hoardsTogether')
    await muster.ready(asked!.session)
    const { uid } = await userOf(asked!.server)
    expect(await muster.failed(asked!.session)).toMatchObject({ cause: 'exited' })
    expect(await ground.ended(asked!.server)).toMatchObject({ exit_signal: 'SIGKILL' })
    await nothingLeft(uid)
  })

  it('[security 37] writes no file beyond its limit, its output neither, however fast it prints', async () => {
    hostile('floods', limits({ fileMiB: 8 }))
    // Muster is not quick enough to keep the file small.
    const muster = await ground.muster({ launchLookS: 5 })
    const asked = await muster.ask('floods')
    await muster.ready(asked!.session)
    process.kill(await ground.pidOf(asked!.server), 'SIGUSR2')
    expect(await muster.failed(asked!.session)).toMatchObject({ cause: 'exited' })
    const { size } = await stat(join(ground.dataDir, 'servers', `${asked!.server}.log`))
    expect(size).toBeLessThanOrEqual(8 * 1_048_576)
  })

  it('opens no more files than it may', async () => {
    hostile('opens', limits({ openFiles: 100 }))
    const muster = await ground.muster()
    const asked = await muster.ask('opens')
    await muster.ready(asked!.session)
    const { opened, problem } = await printedBy(asked!.server)
    expect(problem).toBe('EMFILE')
    expect(opened).toBeLessThan(100)
  })

  it('runs as root, and that is said, where others cannot reach what it needs', async () => {
    const lines: { level: number; server?: string; path?: string }[] = []
    const log = createLog({ level: 'info', pretty: false }, { write: (line) => void lines.push(JSON.parse(line)) })
    const cwd = join(ground.dataDir, 'servers')
    hostile('stubborn', { cwd, stopGraceS: 0 })
    const muster = await ground.muster({}, log)
    const asked = await muster.ask('stubborn')
    await muster.ready(asked!.session)
    expect(await ground.users?.takenBy(ground.node)).toEqual([])
    expect(lines.filter(({ path }) => path === cwd)).toMatchObject([{ level: 40, server: asked!.server }])
  })

  it('is not started where others cannot reach it and a user of its own is required', async () => {
    hostile('stubborn', { cwd: join(ground.dataDir, 'servers') })
    const muster = await ground.muster({ isolation: 'always' })
    const asked = await muster.ask('stubborn')
    expect(await muster.failed(asked!.session)).toMatchObject({ cause: 'not_permitted' })
    expect((await ground.rowOf(asked!.server))?.gone_detail).toContain(join(ground.dataDir, 'servers'))
  })
})
