import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endFamily, processesNaming } from './processes.ts'
import { chaosProgram } from './repository.ts'
import { until } from './until.ts'

/** What one run keeps: a folder, and the processes that are to end with it. */
export interface RunFolder {
  path: string
  /** Makes a folder in it, for the user that a store runs as. */
  make(name: string, owner?: { uid: number; gid: number }): Promise<string>
  note(pid: number): void
  /** Ends every process of the run, and leaves the folder only if told. */
  end(keep: boolean): Promise<void>
}

export async function runFolder(): Promise<RunFolder> {
  const path = await mkdtemp(join(tmpdir(), 'muster-run-'))
  await chmod(path, 0o755)
  const pids: number[] = []
  const guard = spawn(process.execPath, [chaosProgram('cluster/reaper'), path], {
    ...{ stdio: ['pipe', 'ignore', 'inherit'], detached: true },
  })
  await once(guard, 'spawn')
  return {
    path,
    async make(name, owner) {
      const folder = join(path, name)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
      return folder
    },
    note(pid) {
      pids.push(pid)
      guard.stdin.write(`${pid}\n`)
    },
    async end(keep) {
      const mine = () => processesNaming(path).filter((pid) => pid !== guard.pid)
      await until(
        'every process has ended',
        () => {
          endFamily([...pids, ...mine()])
          return mine().length === 0
        },
        10_000,
      )
      const gone = once(guard, 'exit')
      guard.stdin.end()
      await gone
      if (!keep) await rm(path, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
