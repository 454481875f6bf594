import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { familyOf, signal } from './processes.ts'
import { until } from './until.ts'

/** A process that is started, hurt, and started again. */
export interface Daemon {
  readonly name: string
  /** 0 while it does not run. */
  pid(): number
  /** Resolves when it answers. */
  start(): Promise<void>
  /** Ends it at once with everything that it started as a part of itself. */
  kill(): Promise<void>
  /** Asks it to end, and waits until it has. */
  end(how: 'SIGTERM' | 'SIGINT'): Promise<void>
  stop(): void
  goOn(): void
}

export interface DaemonOptions {
  name: string
  command: readonly string[]
  environment: Readonly<Record<string, string | undefined>>
  cwd: string
  /** Where what it prints is added. */
  log: string
  as?: { uid: number; gid: number } | undefined
  /** Whether it answers. */
  answers(): Promise<boolean>
  startMs?: number
  /** True where the processes that it starts are a part of it, as PostgreSQL's are. */
  wholeFamily?: boolean
  onPid(pid: number): void
}

const endMs = 30_000

export function daemon(options: DaemonOptions): Daemon {
  const { name, command, cwd, as, wholeFamily = false, startMs = 30_000 } = options
  let child: ChildProcess | null = null
  const pid = () => (child !== null && child.exitCode === null && child.signalCode === null ? (child.pid ?? 0) : 0)
  const family = () => (pid() === 0 ? [] : wholeFamily ? familyOf([pid()]) : [pid()])

  return {
    name,
    pid,
    async start() {
      if (pid() !== 0) return
      const log = openSync(options.log, 'a')
      const [program = '', ...words] = command
      const started = spawn(program, words, { cwd, env: options.environment, stdio: ['ignore', log, log], ...as })
      closeSync(log)
      child = started
      await once(started, 'spawn')
      options.onPid(started.pid ?? 0)
      const answers = async () => {
        if (started.exitCode !== null || started.signalCode !== null) {
          throw new Error(
            `${name} ended before it answered (${started.exitCode ?? started.signalCode}); see ${options.log}`,
          )
        }
        return options.answers()
      }
      await until(`${name} answers`, answers, startMs, 50)
    },
    async kill() {
      const ending = child
      if (ending === null || pid() === 0) return
      const exited = once(ending, 'exit')
      for (const one of family().reverse()) signal(one, 'SIGKILL')
      await exited
    },
    async end(how) {
      const ending = child
      if (ending === null || pid() === 0) return
      const exited = once(ending, 'exit')
      signal(pid(), how)
      await Promise.race([exited, until(`${name} ends`, () => pid() === 0, endMs)])
    },
    stop: () => {
      for (const one of family()) signal(one, 'SIGSTOP')
    },
    goOn: () => {
      for (const one of family().reverse()) signal(one, 'SIGCONT')
    },
  }
}
