import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { launchWarnings } from './launch-warnings.ts'

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
})
