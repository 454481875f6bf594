import { type ChildProcess, spawn } from 'node:child_process'
import { open, stat } from 'node:fs/promises'
import type { Ending } from '../domain.ts'
import type { Child, Exit, ProgramRequest, Started } from './machine.ts'

const failureOf: Record<string, Ending> = {
  ENOENT: 'command_not_found',
  EACCES: 'not_permitted',
  EPERM: 'not_permitted',
}

/**
 * Starts a program, without a shell, at the head of a process group of its own. It writes its output to a file and holds
 * no pipe to Muster, so that it plays on when Muster goes. Both of its streams are appended there.
 */
export async function startChild({ command, cwd, environment }: ProgramRequest, outputPath: string): Promise<Started> {
  const [program = '', ...parts] = command
  // A missing folder and a missing program are the same error to the operating system.
  const folder = cwd === undefined ? null : await stat(cwd).catch(() => undefined)
  if (folder === undefined || folder?.isDirectory() === false) {
    return { failure: 'folder_not_found', detail: `There is no folder ${cwd}.` }
  }
  const output = await open(outputPath, 'a', 0o600).catch((error: NodeJS.ErrnoException) => error)
  if (output instanceof Error) return { failure: 'not_started', detail: `Its output file: ${output.message}` }
  try {
    const child = spawn(program, parts, {
      cwd,
      env: environment,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', output.fd, output.fd],
    })
    child.unref()
    return await new Promise<Started>((resolve) => {
      child.on('error', (error: NodeJS.ErrnoException) => resolve(failed(program, error)))
      child.once('spawn', () => resolve({ child: childOf(child) }))
    })
  } catch (error) {
    return failed(program, error as NodeJS.ErrnoException)
  } finally {
    await output.close()
  }
}

function childOf(child: ChildProcess): Child {
  return {
    pid: child.pid as number,
    onExit(listener) {
      const hear = (code: number | null, signal: string | null) => listener({ code, signal } satisfies Exit)
      if (child.exitCode !== null || child.signalCode !== null) {
        hear(child.exitCode, child.signalCode)
        return () => undefined
      }
      child.once('exit', hear)
      return () => void child.off('exit', hear)
    },
  }
}

const failed = (program: string, error: NodeJS.ErrnoException): Started => ({
  failure: failureOf[error.code ?? ''] ?? 'not_started',
  detail: `${program}: ${error.message}`,
})

export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

export function signalOne(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
