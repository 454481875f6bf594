import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Ending } from '../domain.ts'
import type { FurtherFiles } from './inherited.ts'
import type { Child, Exit, ProgramRequest, Started } from './machine.ts'
import { findProgram } from './reach.ts'

/** How a program is held. */
export interface Hold {
  /** What is put before its command. */
  wrapper: readonly string[]
  /** As whom it runs; null for Muster's own user. */
  uid: number | null
}

/** What a program finds open. */
export interface Streams {
  outputPath: string
  further: FurtherFiles
}

const failureOf: Record<string, Ending> = {
  ENOENT: 'command_not_found',
  EACCES: 'not_permitted',
  EPERM: 'not_permitted',
}

/** Of at most 1000. */
const oomScoreAdjust = 800

/**
 * Starts a program, without a shell, at the head of a process group of its own. It writes its output to a file and holds
 * no pipe to Muster, so that it plays on when Muster goes. Both of its streams are appended there.
 */
export async function startChild(
  request: ProgramRequest,
  { outputPath, further }: Streams,
  hold: Hold | null,
): Promise<Started> {
  const { command, cwd, environment } = request
  // A missing folder and a missing program are the same error to the operating system.
  const folder = cwd === undefined ? null : await stat(cwd).catch(() => undefined)
  if (folder === undefined || folder?.isDirectory() === false) {
    return { failure: 'folder_not_found', detail: `There is no folder ${cwd}.` }
  }
  const found = hold === null ? null : await findProgram(request)
  if (found !== null && 'failure' in found) return found
  const [program = '', ...parts] =
    hold === null || found === null ? command : [...hold.wrapper, found.program, ...command.slice(1)]
  const output = await open(outputPath, 'a', 0o600).catch((error: NodeJS.ErrnoException) => error)
  if (output instanceof Error) return { failure: 'not_started', detail: `Its output file: ${output.message}` }
  try {
    // Its own user may then open it by name, too, as programs do that print to `/dev/stdout`.
    if (hold !== null && hold.uid !== null) await output.chown(hold.uid, hold.uid)
    const child = spawn(program, parts, {
      cwd,
      env: environment,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', output.fd, output.fd, ...further],
    })
    child.unref()
    if (hold !== null && child.pid !== undefined) offerToOomKiller(child.pid)
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

/** Where the machine has no memory left, the kernel is to end servers before Muster and its database. */
function offerToOomKiller(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(oomScoreAdjust))
  } catch {
    // It has ended, or the machine's owner does not let anybody choose.
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
