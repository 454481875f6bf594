import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { closedModes, isolationHere, launchWarnings, unlaunchableModes, userComplaints } from './launch-warnings.ts'

const launch = { command: ['game'], ports: [43_000, 43_009], processesMax: 4 }
const warnings = (over: object, ownPort = 3_000) =>
  launchWarnings(
    readConfig({ modes: { duel: { server: { launch: { ...launch, ...over } } } } }, 'the test', '/games'),
    ownPort,
    (path) => path === '/games',
  ).map(({ mode, words }) => `${mode} ${words}`)

describe('before anything is launched', () => {
  it('nothing is said where all is well', () => {
    expect(warnings({})).toEqual([])
    expect(launchWarnings(readConfig({ modes: { own: { server: {} } } }, 'the test', '/'), 3_000, () => false)).toEqual(
      [],
    )
  })

  it('a folder that does not exist is named', () => {
    expect(warnings({ cwd: 'none' })).toEqual([
      'duel modes.duel.server.launch.cwd: there is no folder /games/none, so no server of this mode can be launched',
    ])
  })

  it('ports among which is Muster’s own are named', () => {
    expect(warnings({}, 43_009)).toEqual([
      'duel modes.duel.server.launch.ports: 43000 to 43009 holds 43009, where Muster itself listens',
    ])
    expect(warnings({}, 43_010)).toEqual([])
    expect(warnings({ agones: { ports: [9_400, 9_409] } }, 9_400)).toEqual([
      'duel modes.duel.server.launch.agones.ports: 9400 to 9409 holds 9400, where Muster itself listens',
    ])
  })

  it('what its own user could not reach is named, with what becomes of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-closed-'))
    try {
      const modes = { duel: { server: { launch: { ...launch, command: [process.execPath] } } } }
      const config = readConfig({ modes }, 'the test', folder)
      const users = { first: 2_000, last: 3_000, folder: '/run/servers' }
      const found = async (required: boolean) =>
        (await closedModes(config, { tools: null, users, required, shortfall: null }, '/bin')).map(({ words }) => words)
      const start = `modes.duel.server.launch: ${folder} is closed to others, also to the users that its servers would have`
      expect(await found(false)).toEqual([`${start}, so they run as root, as Muster does`])
      expect(await found(true)).toEqual([`${start}, so none can be launched`])
      await chmod(folder, 0o755)
      expect(await found(true)).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('a program that is not there, or is none, is named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-programs-'))
    try {
      await writeFile(join(folder, 'text'), '')
      await mkdir(join(folder, 'folder'))
      const found = async (over: object, inheritEnv = ['PATH']) => {
        const modes = { duel: { server: { launch: { ...launch, ...over } } } }
        const config = readConfig({ modes, fleet: { inheritEnv } }, 'the test', folder)
        return (await unlaunchableModes(config, folder, 1_024)).map(({ words }) =>
          words.replace(
            /^modes\.duel\.server\.launch\.command: (.*), so no server of this mode can be launched$/,
            '$1',
          ),
        )
      }
      const none = (name: string) => [`${name}: there is no such program`]
      expect(await found({ command: ['./nothere'] })).toEqual(none('./nothere'))
      expect(await found({ command: ['./folder'] })).toEqual(none('./folder'))
      expect(await found({ command: ['./text'] })).toEqual(['./text: it may not be run as a program'])
      expect(await found({ command: ['/bin/sh game.sh'] })).toEqual([
        '/bin/sh game.sh: there is no such program; arguments are items of their own',
      ])
      expect(await found({ command: ['game'] })).toEqual(none('game'))
      await writeFile(join(folder, 'game'), '', { mode: 0o755 })
      expect(await found({ command: ['game'] })).toEqual([])
      expect(await found({ command: ['./game'] })).toEqual([])
      expect(await found({ command: ['game'] }, [])).toEqual(none('game'))
      expect(await found({ command: ['game'], env: { PATH: folder } }, [])).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('an address that this machine does not have, and a port that is root’s, are named', async () => {
    const modes = { duel: { server: { launch: { ...launch, command: [process.execPath], bindHost: '192.0.2.1' } } } }
    const found = await unlaunchableModes(readConfig({ modes }, 'the test', '/'), undefined, 43_001)
    expect(found.map(({ words }) => words)).toEqual([
      'modes.duel.server.launch.bindHost: no server can listen on 192.0.2.1 (TCP: EADDRNOTAVAIL)',
      'modes.duel.server.launch.ports: 43000 is below 43001, where only root may listen, and Muster is not root',
    ])
  })

  it('servers with a user of their own need enough of them, and ports that are not root’s', () => {
    const complaints = (last: number, firstPort = 1_024) => {
      const web = { ...launch, ports: [80, 90] }
      const { modes } = readConfig(
        { modes: { duel: { server: { launch } }, raid: { server: { launch: web } } } },
        'the test',
        '/',
      )
      return userComplaints({ modes }, { users: { first: 2_000, last, folder: '/run/servers' } }, firstPort)
    }
    expect(complaints(2_006, 0)).toEqual([
      'fleet.isolationUsers: 7 users are too few for 8 processes, which the modes may launch together',
    ])
    expect(complaints(2_007)).toEqual([
      'modes.raid.server.launch.ports: 80 is below 1024, where only root may listen, and servers have a user of their own',
    ])
    expect(complaints(2_007, 80)).toEqual([])
  })

  it('nothing is looked for where nothing is launched', async () => {
    const fleet = { isolation: 'always', isolationFolder: '/dev/null/nowhere' }
    expect(
      await isolationHere(readConfig({ modes: { own: { server: {} } }, fleet }, 'the test', '/'), '/nowhere'),
    ).toBeNull()
  })

  it('is refused where a user for each server is required and cannot be had', async () => {
    const modes = { duel: { server: { launch } } }
    const fleet = { isolation: 'always', isolationFolder: '/dev/null/nowhere' }
    await expect(isolationHere(readConfig({ modes, fleet }, 'the test', '/'), process.env.PATH)).rejects.toThrow(
      /fleet\.isolation is `always`, but: /,
    )
  })
})
