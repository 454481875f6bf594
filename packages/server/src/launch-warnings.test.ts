import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { closedModes, isolationHere, launchWarnings } from './launch-warnings.ts'

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
