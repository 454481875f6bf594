import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Output, outputOf, repository } from './muster-process.ts'

/** A program of the Cargo workspace, as `rust-setup.ts` has built it. */
export const rustProgram = (name: string): string =>
  join(process.env.CARGO_TARGET_DIR ?? join(repository, 'target'), 'debug', name)

export interface Running extends Output, AsyncDisposable {
  /** Resolves with the exit code; null where a signal ended it. */
  ended: Promise<number | null>
  kill(): Promise<void>
}

/** A program that is ended with what it is used for. */
export function startProgram(program: string, ...words: string[]): Running {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const { text, until } = outputOf(child)
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  /** What it had printed by its end, for whoever asks after that. */
  const untilEnd = async (pattern: RegExp) => {
    const code = await ended
    const found = pattern.exec(text())
    if (found === null) throw new Error(`It ended (${code}) without ${pattern}:\n${text()}`)
    return found
  }
  return {
    text,
    until: (pattern) => Promise.race([until(pattern), untilEnd(pattern)]),
    ...{ ended, kill, [Symbol.asyncDispose]: kill },
  }
}
