import { readFile, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fixture, type LauncherGround, launcherGround, seen } from '../../../../test/support/launcher-ground.ts'
import { isAlive } from '../../../platform/embedded-postgres/processes.ts'
import { createLog } from '../../../platform/log.ts'

describe('the launcher', () => {
  let ground: LauncherGround
  beforeEach(async () => {
    ground = await launcherGround()
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  it('starts a process once the transaction has committed, and hears that it is ready', async () => {
    ground.mode('ready')
    const muster = await ground.muster()
    const asked = await muster.ask('ready')
    expect(asked).toMatchObject({ host: '127.0.0.1', port: null })
    const view = await muster.ready(asked!.session)
    expect(view).toMatchObject({ state: 'allocated', port: ground.base, failure: null, server: asked!.server })
    await expect(
      ground.db.transact(async (tx) => {
        await muster.launch(tx, { session: ground.mintId('session'), mode: 'ready', region: null, slots: 1, brief: {} })
        throw new Error('rolled back')
      }),
    ).rejects.toThrow('rolled back')
    expect(await ground.living()).toHaveLength(1)
  })

  it('stops the process when its session is over, and gives the port again', async () => {
    ground.mode('ready', { processesMax: 1, ports: [ground.base, ground.base] })
    const muster = await ground.muster()
    const first = await muster.ask('ready')
    await muster.ready(first!.session)
    expect(await muster.ask('ready')).toBeNull()
    await muster.letGo(first!.session)
    expect(await ground.ended(first!.server)).toMatchObject({ exit_signal: 'SIGTERM' })
    expect((await ground.rowOf(first!.server))?.gone_cause).toBe('drained')
    expect(await muster.view(first!.session)).toMatchObject({ state: 'gone', failure: null })
    const second = await muster.ask('ready')
    expect(await muster.ready(second!.session)).toMatchObject({ port: ground.base })
  })

  it('lets a server that has played end by itself for a while', async () => {
    ground.mode('leaves', { lingerS: 30 })
    const muster = await ground.muster()
    const asked = await muster.ask('leaves')
    await muster.ready(asked!.session)
    await muster.letGo(asked!.session)
    expect(await ground.ended(asked!.server)).toMatchObject({ exit_code: 0, exit_signal: null })
  })

  it('tells what a server printed that ended before it was ready', async () => {
    ground.mode('fails')
    const muster = await ground.muster()
    const asked = await muster.ask('fails')
    expect(await muster.failed(asked!.session)).toMatchObject({
      state: 'gone',
      cause: 'exited_early',
      failure: 'The game server ended before it was ready.',
    })
    const { gone_detail } = (await ground.rowOf(asked!.server))!
    expect(gone_detail).toContain('exit code 3')
    expect(gone_detail).toContain('The level could not be loaded.')
    expect(await ground.ended(asked!.server)).toMatchObject({ exit_code: 3 })
  })

  it('logs a failure once, with what was printed', async () => {
    const lines: { level: number; cause?: string; output?: string[] }[] = []
    const log = createLog({ level: 'info', pretty: false }, { write: (line) => void lines.push(JSON.parse(line)) })
    ground.mode('fails')
    const muster = await ground.muster({}, log)
    const asked = await muster.ask('fails')
    await muster.failed(asked!.session)
    await ground.ended(asked!.server)
    const told = lines.filter(({ cause }) => cause === 'exited_early')
    expect(told).toMatchObject([{ level: 40, output: expect.arrayContaining(['The level could not be loaded.']) }])
  })

  it('says when a server that was playing has ended', async () => {
    ground.mode('leaves')
    const muster = await ground.muster()
    const asked = await muster.ask('leaves')
    await muster.ready(asked!.session)
    expect(await muster.failed(asked!.session)).toMatchObject({ state: 'gone', cause: 'exited' })
  })

  it('gives up on a server that is not ready in time', async () => {
    ground.mode('silent', { readyTimeoutS: 0.3 })
    const muster = await ground.muster()
    const asked = await muster.ask('silent')
    expect(await muster.failed(asked!.session)).toMatchObject({ cause: 'not_ready' })
    await ground.ended(asked!.server)
    expect(await ground.living()).toEqual([])
  })

  it('kills a server that ignores SIGTERM, with whatever it has started', async () => {
    ground.mode('stubborn', { stopGraceS: 0.3 })
    ground.mode('parent')
    const muster = await ground.muster()
    const stubborn = await muster.ask('stubborn')
    const parent = await muster.ask('parent')
    await muster.ready(stubborn!.session)
    await muster.ready(parent!.session)
    await seen(async () => (await ground.living()).length === 3)
    await muster.letGo(stubborn!.session)
    await muster.letGo(parent!.session)
    expect(await ground.ended(stubborn!.server)).toMatchObject({ exit_signal: 'SIGKILL' })
    await ground.ended(parent!.server)
    await seen(async () => (await ground.living()).length === 0)
  })

  it.each([
    ['command_not_found', { command: ['/nowhere/at-all'] }],
    ['folder_not_found', { cwd: '/nowhere/at-all' }],
    ['not_permitted', { command: [fixture] }],
  ] as const)('tells why nothing could be started: %s', async (cause, over) => {
    ground.mode('broken', over as never)
    const muster = await ground.muster()
    const asked = await muster.ask('broken')
    expect(await muster.failed(asked!.session)).toMatchObject({ cause, state: 'gone' })
    await ground.ended(asked!.server)
    const again = await muster.ask('broken')
    expect(again).not.toBeNull()
  })

  it('[security 37] gives a child the launch contract and nothing of its own that is not on the list', async () => {
    ground.mode('environment', { env: { LEVEL: 'hill' } })
    const muster = await ground.muster({ outputLinesMax: 100 })
    const asked = await muster.ask('environment')
    await muster.ready(asked!.session)
    const text = await readFile(join(ground.dataDir, 'servers', `${asked!.server}.log`), 'utf8')
    const names = text.split('\n').filter((line) => line.includes('=') && !line.startsWith('MUSTER_READY'))
    const environment = Object.fromEntries(names.map((line) => line.split(/=(.*)/s)))
    const key = muster.ticketKeyOf(asked!.server, asked!.instance).toString('hex')
    const [user] = (await ground.users?.takenBy(ground.node)) ?? []
    const own = user === undefined ? {} : { HOME: user.home, TMPDIR: user.home }
    expect(environment).toEqual({
      ...own,
      PATH: ground.path,
      LEVEL: 'hill',
      MUSTER_CONTRACT: '1',
      MUSTER_API_URL: 'http://127.0.0.1:3000',
      MUSTER_SERVER_ID: asked!.server,
      MUSTER_SESSION_ID: asked!.session,
      MUSTER_REPORT_TOKEN: muster.reportTokenOf(asked!.session),
      MUSTER_TICKET_KEY: key,
      MUSTER_PORT: String(ground.base),
      MUSTER_BIND_HOST: '127.0.0.1',
      MUSTER_PUBLIC_ADDRESS: `127.0.0.1:${ground.base}`,
      MUSTER_MAX_PLAYERS: '2',
      MUSTER_MATCH: '{"match_id":"match_1"}',
      MUSTER_LAUNCHER: ground.node,
    })
    const operators = await ground.serve(muster.routes, {
      key: async () => ({ kind: 'key', key: 'key_1', scopes: ['operator'] }),
    })
    const headers = { authorization: 'Bearer muster_sk_1' }
    const shown = await operators.inject({ url: `/servers/${asked!.server}`, headers })
    const { output } = shown.json() as { output: string[] }
    expect(output).toContain('LEVEL=hill')
    expect(output.join('\n')).not.toContain(key)
    expect(output.join('\n')).not.toContain(muster.reportTokenOf(asked!.session))
  })

  it('keeps the output of a flood within bounds, and still hears of readiness', async () => {
    ground.mode('flood')
    const muster = await ground.muster({ logBytesMax: 65_536 })
    const asked = await muster.ask('flood')
    await muster.ready(asked!.session)
    const path = join(ground.dataDir, 'servers', `${asked!.server}.log`)
    let emptied = 0
    let before = 0
    await seen(async () => {
      const { size } = await stat(path)
      if (size < before) emptied++
      before = size
      return emptied >= 3
    })
    await muster.letGo(asked!.session)
    await ground.ended(asked!.server)
  })

  describe('ports', () => {
    const holders: Server[] = []
    const hold = (port: number) =>
      new Promise<void>((resolve) => {
        const server = createServer().listen(port, '127.0.0.1', resolve)
        holders.push(server)
      })
    afterEach(() => {
      for (const holder of holders.splice(0)) holder.close()
    })

    it('passes by a port that somebody else holds', async () => {
      ground.mode('ready')
      await hold(ground.base)
      await hold(ground.base + 1)
      const muster = await ground.muster()
      const asked = await muster.ask('ready')
      expect(await muster.ready(asked!.session)).toMatchObject({ port: ground.base + 2 })
    })

    it('says so when none is left, and holds nothing', async () => {
      ground.mode('ready', { ports: [ground.base, ground.base], processesMax: 1 })
      await hold(ground.base)
      const muster = await ground.muster()
      const asked = await muster.ask('ready')
      expect(await muster.failed(asked!.session)).toMatchObject({ cause: 'no_port' })
      await ground.ended(asked!.server)
    })
  })

  it('never runs more processes than it may, however many ask at once', async () => {
    ground.mode('ready', { processesMax: 3 })
    const muster = await ground.muster()
    const answers = await Promise.all(Array.from({ length: 20 }, () => muster.ask('ready')))
    const given = answers.filter((answer) => answer !== null)
    expect(given).toHaveLength(3)
    const views = await Promise.all(given.map((one) => muster.ready(one.session)))
    expect(new Set(views.map((view) => view.port)).size).toBe(3)
  })

  it('ends its own process when the server was found gone: there are never two truths', async () => {
    ground.mode('ready')
    const muster = await ground.muster()
    const asked = await muster.ask('ready')
    await muster.ready(asked!.session)
    const operators = await ground.serve(muster.routes, {
      key: async () => ({ kind: 'key', key: 'key_1', scopes: ['operator'] }),
    })
    const headers = { authorization: 'Bearer muster_sk_1' }
    const removed = await operators.inject({ method: 'DELETE', url: `/servers/${asked!.server}`, headers })
    expect(removed.statusCode).toBe(204)
    expect(await muster.failed(asked!.session)).toMatchObject({ cause: 'stopped' })
    await ground.ended(asked!.server)
    expect(await ground.living()).toEqual([])
    const url = `/servers/${asked!.server}`
    expect((await operators.inject({ url, headers })).statusCode).toBe(404)
    expect((await operators.inject({ url: `${url}?gone=true`, headers })).json()).toMatchObject({
      state: 'gone',
      gone: { cause: 'stopped' },
    })
  })

  describe('when Muster stops', () => {
    it.each(['keep', 'drain', 'kill'] as const)('%s', async (onStop) => {
      ground.mode('ready')
      const muster = await ground.muster({ onStop, stopDrainS: 0.2 })
      const asked = await muster.ask('ready')
      await muster.ready(asked!.session)
      const pid = await ground.pidOf(asked!.server)
      await muster.stop()
      expect(isAlive(pid)).toBe(onStop === 'keep')
      const row = await ground.rowOf(asked!.server)
      expect(row?.state).toBe(onStop === 'keep' ? 'ready' : 'gone')
      if (onStop !== 'keep') expect(row?.gone_cause).toBe('stopped')
    })
  })
})
