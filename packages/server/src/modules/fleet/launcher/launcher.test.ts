import { Refusal } from '@muster/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type RunOptions,
  type SimulatedFleetGround,
  simulatedFleetGround,
} from '../../../../test/support/simulated-fleet-ground.ts'
import type { Program } from '../../../../test/support/simulated-machine.ts'
import { createLog } from '../../../platform/log.ts'

const sayReady: Program = ({ MUSTER_PORT }, { print }) => print(`MUSTER_READY port=${MUSTER_PORT}`)

const programs: Record<string, Program> = {
  plays: (environment, control) => void control.after(300, () => sayReady(environment, control)),
  leaves(environment, control) {
    sayReady(environment, control)
    control.after(3_000, () => control.exit(0))
  },
  fails(_, { print, exit, after }) {
    print('The level could not be loaded.')
    after(100, () => exit(3))
  },
  elsewhere: (_, { print }) => print('MUSTER_READY port=9999'),
  netcodeElsewhere: (_, { print }) => print('MUSTER_READY port=9999'),
  netcodeMute: () => undefined,
  mute: (_, { print }) => print('loading …'),
  stubborn(environment, control) {
    control.onTerm(() => control.print('not now'))
    sayReady(environment, control)
  },
  parent(environment, control) {
    control.fork((_, { onTerm }) => onTerm(() => undefined))
    sayReady(environment, control)
  },
}

describe('the launcher, on a simulated machine', () => {
  let ground: SimulatedFleetGround
  beforeEach(async () => {
    ground = await simulatedFleetGround(programs)
  })
  const seconds = (count: number) => ground.clock.advance(count * 1_000)
  const pids = () => ground.machine.living().map(({ pid }) => pid)
  /** Everything that lives is written down, and everything written down lives. */
  const expectAgreement = async () => {
    const written = (await ground.written()).map(({ server, pid, startMark }) => ({ server, pid, startMark }))
    const living = ground.machine.living('node-1').filter(({ leads }) => leads)
    const found = living.map(({ server, pid, startMark }) => ({ server, pid, startMark }))
    const byPid = (a: { pid: number | null }, b: { pid: number | null }) => (a.pid ?? 0) - (b.pid ?? 0)
    expect(written.sort(byPid)).toEqual(found.sort(byPid))
  }

  it('follows a server from its launch over its readiness to its end', async () => {
    const muster = await ground.muster()
    const asked = await muster.ask('leaves')
    expect(asked).toMatchObject({ host: '127.0.0.1', port: null })
    await seconds(1)
    expect(await ground.view(asked!.session)).toMatchObject({ state: 'allocated', ready: true, port: 7_000 })
    await expectAgreement()
    await seconds(4)
    expect(await ground.view(asked!.session)).toMatchObject({ state: 'gone', cause: 'exited' })
    expect(await ground.read(asked!.server)).toMatchObject({
      goneDetail: 'It ended with exit code 0. It printed last:\nMUSTER_READY port=7000',
      output: ['MUSTER_READY port=7000'],
    })
    expect(await ground.written()).toEqual([])
    expect(pids()).toEqual([])
  })

  it('gives the program the launch contract', async () => {
    let given = {}
    ground = await simulatedFleetGround({
      asks(environment) {
        given = environment
      },
    })
    const muster = await ground.muster()
    const asked = await muster.ask('asks')
    await seconds(1)
    expect(given).toMatchObject({
      ...{ MUSTER_SERVER_ID: asked?.server, MUSTER_SESSION_ID: asked?.session, MUSTER_MAX_PLAYERS: '2' },
      ...{ MUSTER_PORT: '7000', MUSTER_MATCH: '{"match_id":"match_1"}', MUSTER_LAUNCHER: 'node-1' },
    })
  })

  it('says why a server failed before it was ready', async () => {
    const muster = await ground.muster()
    const asked = await muster.ask('fails')
    const unknown = await muster.ask('plays')
    ground.mode('nothing', { command: ['nothing'] })
    const nothing = await muster.ask('nothing')
    await seconds(2)
    expect(await ground.view(asked!.session)).toMatchObject({ cause: 'exited_early' })
    expect((await ground.read(asked!.server))?.goneDetail).toContain('The level could not be loaded.')
    expect(await ground.view(nothing!.session)).toMatchObject({ cause: 'command_not_found' })
    expect(await ground.view(unknown!.session)).toMatchObject({ ready: true })
    await expectAgreement()
  })

  it('gives up on a server that is not ready in time, and on one that will not end', async () => {
    ground.mode('mute', { readyTimeoutS: 20 })
    const muster = await ground.muster()
    const mute = await muster.ask('mute')
    const stubborn = await muster.ask('stubborn')
    const parent = await muster.ask('parent')
    await seconds(19)
    expect(await ground.view(mute!.session)).toMatchObject({ state: 'starting' })
    expect(pids()).toHaveLength(4)
    await ground.letGo(stubborn!.session)
    await ground.letGo(parent!.session)
    await seconds(3)
    expect(await ground.view(mute!.session)).toMatchObject({ state: 'gone', cause: 'not_ready' })
    expect(ground.machine.outputOf(stubborn!.server)).toContain('not now')
    expect(pids()).toHaveLength(1)
    await seconds(10)
    expect(pids()).toEqual([])
    expect(await ground.written()).toEqual([])
  })

  it('sends players where a server says that it listens, and warns once for a mode where that is outside its ports', async () => {
    const lines: object[] = []
    const log = createLog({ level: 'warn', pretty: false }, { write: (line) => void lines.push(JSON.parse(line)) })
    const muster = await ground.muster({ log })
    const [one, two] = [await muster.ask('elsewhere'), await muster.ask('elsewhere')]
    await seconds(1)
    expect(await ground.view(one!.session)).toMatchObject({ ready: true, port: 9_999 })
    expect(await ground.view(two!.session)).toMatchObject({ ready: true, port: 9_999 })
    expect(lines).toMatchObject([{ mode: 'elsewhere', given: expect.any(Number), said: 9_999, ports: [7_000, 7_009] }])
  })

  it('gives up on a server that listens where no connect token opens, and says on which ports', async () => {
    const muster = await ground.muster()
    const asked = await muster.ask('netcodeElsewhere')
    await seconds(1)
    expect(await ground.view(asked!.session)).toMatchObject({ state: 'gone', ready: false, cause: 'wrong_port' })
    const { goneDetail } = (await ground.read(asked!.server))!
    expect(goneDetail).toContain('port 9999')
    expect(goneDetail).toContain('port 7000')
    expect(pids()).toEqual([])
    expect(await ground.written()).toEqual([])
  })

  it('refuses a report of such a port, and takes the right one afterwards', async () => {
    const muster = await ground.muster()
    const { session } = (await muster.ask('netcodeMute'))!
    await seconds(1)
    const say = (port: number) => ground.db.transact((tx) => muster.confirm(tx, session, port))
    await expect(say(9_999)).rejects.toMatchObject({ code: 'INVALID_REQUEST', fields: [{ field: 'body.port' }] })
    expect(await ground.view(session)).toMatchObject({ ready: false, port: 7_000 })
    await say(7_000)
    expect(await ground.view(session)).toMatchObject({ ready: true, port: 7_000 })
  })

  it('passes by a port that somebody else holds, and uses it again later', async () => {
    ground.mode('plays', { ports: [7_000, 7_001], processesMax: 2 })
    const letGo = ground.machine.holdPort(7_000)
    const muster = await ground.muster()
    const first = await muster.ask('plays')
    await seconds(1)
    expect(await ground.view(first!.session)).toMatchObject({ ready: true, port: 7_001 })
    letGo()
    const second = await muster.ask('plays')
    await seconds(1)
    expect(await ground.view(second!.session)).toMatchObject({ ready: true, port: 7_000 })
  })

  it('takes over a server that plays on, and stops it when its session is over', async () => {
    const first = await ground.muster()
    const asked = await first.ask('plays')
    await seconds(1)
    first.crash()
    const before = pids()
    expect(before).toHaveLength(1)
    await seconds(20)
    await ground.muster()
    await seconds(30)
    expect(pids()).toEqual(before)
    expect(await ground.view(asked!.session)).toMatchObject({ state: 'allocated', ready: true, failure: null })
    await ground.letGo(asked!.session)
    await seconds(2)
    expect(pids()).toEqual([])
  })

  it('gives up what did not survive a restart of the whole machine', async () => {
    const first = await ground.muster()
    const asked = await first.ask('plays')
    await seconds(1)
    first.crash()
    ground.machine.reboot()
    await ground.muster()
    await seconds(2)
    expect(await ground.view(asked!.session)).toMatchObject({ state: 'gone', cause: 'lost' })
    expect(await ground.written()).toEqual([])
  })

  it('ends what a server had started that died while Muster was away', async () => {
    const first = await ground.muster()
    const asked = await first.ask('parent')
    await seconds(1)
    first.crash()
    const [leader] = ground.machine.living().filter(({ leads }) => leads)
    ground.machine.signal(leader!.pid, 'SIGKILL')
    await ground.muster({ strayGraceS: 4 })
    await seconds(3)
    expect(await ground.view(asked!.session)).toMatchObject({ state: 'gone', cause: 'lost' })
    expect(pids()).toHaveLength(1)
    await seconds(27)
    expect(pids()).toEqual([])
  })

  it('leaves the processes of other nodes alone', async () => {
    await ground.muster({ strayGraceS: 0 })
    const other = ground.machine.attach()
    const environment = { MUSTER_LAUNCHER: 'node-10', MUSTER_SERVER_ID: 'server_1' }
    const held = { folderVariables: [], limits: { memoryMiB: 64, processes: 8, openFiles: 64, fileMiB: 1 } }
    await other.start({ server: 'server_1', command: ['stubborn'], cwd: undefined, environment, ...held })
    await seconds(30)
    expect(pids()).toHaveLength(1)
  })

  describe('at each of its steps', () => {
    /** One session plays on, one ends while its server will not, and one's server is never ready. */
    async function scene(mishap: RunOptions) {
      ground = await simulatedFleetGround(programs)
      ground.mode('mute', { readyTimeoutS: 3 })
      // Looks less often, so that there are fewer steps.
      const calm = { launchPollMs: 500, sweepEveryS: 2 }
      const muster = await ground.muster({ ...calm, ...mishap })
      const sessions = {
        plays: ground.mintId('session'),
        stubborn: ground.mintId('session'),
        mute: ground.mintId('session'),
      }
      for (const [name, session] of Object.entries(sessions)) void muster.ask(name, session).catch(() => undefined)
      await seconds(2)
      await ground.letGo(sessions.stubborn)
      await seconds(3)
      const row = (await ground.written()).find((one) => one.session === sessions.plays)
      const isStarted = ground.machine.living().some(({ server }) => server === row?.server)
      return { muster, sessions, row, isStarted, startAgain: () => ground.muster(calm) }
    }
    async function expectOrder({ sessions, row, isStarted }: Awaited<ReturnType<typeof scene>>) {
      await expectAgreement()
      const view = await ground.view(sessions.plays)
      if (row === undefined) expect(view).toBeUndefined()
      else if (isStarted) expect(view).toMatchObject({ ready: true, failure: null })
      else expect(view).toMatchObject({ state: 'gone', cause: 'lost' })
      for (const session of [sessions.stubborn, sessions.mute]) {
        expect((await ground.view(session))?.state ?? 'gone').toBe('gone')
      }
      expect(pids()).toHaveLength(isStarted ? 1 : 0)
    }

    it('may die, and leaves no stray and no lost session', { timeout: 60_000 }, async () => {
      const met = { unasked: 0, unstarted: 0, unrecorded: 0, recorded: 0 }
      for (let crashAt = 1; ; crashAt++) {
        const seen = await scene({ crashAt })
        if (seen.muster.isAlive()) break
        const { row, isStarted } = seen
        met[row === undefined ? 'unasked' : !isStarted ? 'unstarted' : row.pid === null ? 'unrecorded' : 'recorded']++
        await seen.startAgain()
        await seconds(30)
        await expectOrder(seen)
      }
      for (const count of Object.values(met)) expect(count).toBeGreaterThan(5)
    })

    it('may find the database failing, and comes to terms with it', { timeout: 60_000 }, async () => {
      let failures = 0
      for (let failAt = 1; ; failAt++) {
        const seen = await scene({ failAt }).catch((error: unknown) => {
          // Muster does not start on a database that fails just then; it is started again, by who looks after it.
          if (!(error instanceof Refusal)) throw error
          return null
        })
        if (seen === null) continue
        if (!seen.muster.hasFailed()) break
        failures++
        await seconds(30)
        await expectOrder(seen)
        expect(seen.row === undefined || seen.isStarted).toBe(true)
      }
      expect(failures).toBeGreaterThan(20)
    })
  })
})
