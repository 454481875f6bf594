import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import type { LaunchSource } from '../config.ts'
import type { Ending } from '../domain.ts'

export interface Exit {
  code: number | null
  signal: string | null
}

export type Started = { pid: number } | { cause: Ending; detail: string }

const causes: Readonly<Record<string, Ending>> = {
  ENOENT: 'command_not_found',
  EACCES: 'not_permitted',
  EPERM: 'not_permitted',
}

/** Starts a process that leads a group of its own and is not tied to this one: it lives on when this one dies. */
export async function startChild(
  source: Pick<LaunchSource, 'command' | 'cwd'>,
  env: Record<string, string>,
  outputFd: number,
  onExit: (exit: Exit) => void,
): Promise<Started> {
  const { cwd } = source
  if (cwd !== undefined && !(await stat(cwd).catch(() => null))?.isDirectory()) {
    return { cause: 'folder_not_found', detail: `There is no folder ${cwd}.` }
  }
  const [program = '', ...args] = source.command
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', outputFd, outputFd],
      shell: false,
    })
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ cause: causes[error.code ?? ''] ?? 'not_started', detail: `${program}: ${error.message}` }),
    )
    child.once('spawn', () => {
      child.unref()
      resolve({ pid: child.pid as number })
    })
    child.once('exit', (code, signal) => onExit({ code, signal }))
  })
}
