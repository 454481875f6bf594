import { join } from 'node:path'
import { type Daemon, daemon } from '../cluster/daemon.ts'
import type { RunFolder } from '../cluster/folder.ts'
import { commandLineOf, processesNaming, signal } from '../cluster/processes.ts'
import { chaosProgram } from '../cluster/repository.ts'

export const gameServerProgram = chaosProgram('world/game-server')

export interface GameServers {
  registered: Daemon[]
  /** Ends those that Muster started. */
  killLaunched(): void
}

export function gameServers(run: RunFolder, count: number, url: string, apiKey: string): GameServers {
  const launched = () =>
    processesNaming(run.path).filter((pid) => commandLineOf(pid).endsWith(`${gameServerProgram} ${run.path}`))
  return {
    registered: Array.from({ length: count }, (_, at): Daemon => {
      const name = `arena-${at + 1}`
      return daemon({
        ...{ name, cwd: run.path, log: join(run.path, `${name}.log`), environment: { PATH: process.env.PATH } },
        command: [process.execPath, gameServerProgram, run.path, url, apiKey, name],
        // It registers when it can, and goes on trying while Muster is away: nobody waits for that.
        answers: async () => true,
        onPid: run.note,
      })
    }),
    killLaunched() {
      for (const pid of launched()) signal(pid, 'SIGKILL')
    },
  }
}
