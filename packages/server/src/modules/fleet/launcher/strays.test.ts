import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../../test/support/simulated-clock.ts'
import { type Program, simulatedMachine } from '../../../../test/support/simulated-machine.ts'
import { createLog } from '../../../platform/log.ts'
import { createStrays } from './strays.ts'

const stubborn: Program = (_, { onTerm }) => onTerm(() => undefined)
const programs: Record<string, Program> = {
  stubborn,
  bomb(environment, control) {
    for (let count = 0; count < 62; count++) control.fork(stubborn)
    stubborn(environment, control)
  },
}

describe('strays', () => {
  it('are told of once for each server, however many processes it has, and end', async () => {
    const clock = simulatedClock()
    const whole = simulatedMachine({ clock, programs })
    const machine = whole.attach()
    const start = (server: string, command: string) =>
      machine.start({
        ...{ server, command: [command], cwd: undefined, folderVariables: [] },
        environment: { MUSTER_LAUNCHER: 'node-1', MUSTER_SERVER_ID: server },
        limits: { memoryMiB: 64, processes: 64, openFiles: 64, fileMiB: 1 },
      })
    const lines: string[] = []
    const log = createLog({ level: 'info', pretty: false }, { write: (line) => void lines.push(line) })
    const strays = createStrays(log, machine, 5_000)
    const look = async () => strays.end(await machine.marked('node-1'), new Set(['server_known']), clock.now())

    await start('server_bomb', 'bomb')
    await start('server_other', 'stubborn')
    await start('server_known', 'stubborn')
    await clock.advance(100)
    const bomb = whole.living().filter(({ server }) => server === 'server_bomb')
    expect(bomb).toHaveLength(63)
    await look()
    await clock.advance(5_000)
    await look()
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { server: 'server_bomb', processes: 63, pids: bomb.slice(0, 5).map(({ pid }) => pid) },
      { server: 'server_other', processes: 1 },
    ])
    expect(whole.living().map(({ server }) => server)).toEqual(['server_known'])
  })
})
