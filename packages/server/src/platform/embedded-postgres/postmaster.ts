import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Programs } from './programs.ts'
import type { RunAs } from './run-as.ts'
import { asArguments } from './settings.ts'

/** The last lines are kept, to say why a start failed. */
const LINES_KEPT_MAX = 20
/** How long a dead server's last words may be under way. */
const LAST_WORDS_MS = 200

/** One running server, a child of this process. */
export interface Postmaster {
  pid: number
  hasExited(): boolean
  exited: Promise<void>
  /** From here on this process waits for its end, and does not itself end before. */
  hold(): void
  /** What it said last; complete once it has exited. */
  lastWords(): Promise<string>
}

export async function spawnPostmaster(
  programs: Programs,
  as: RunAs,
  settings: Record<string, string>,
  log: (line: string) => void,
): Promise<Postmaster> {
  const child = spawn(programs.postgres, ['-D', as.dataArgument, ...asArguments(settings)], {
    ...as.spawnOptions,
    // Detached, so that Ctrl-C in a terminal reaches Muster alone, which then stops in its own order.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const { promise: exited, resolve: exit } = withResolvers()
  child.on('exit', exit)
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))

  const lines: string[] = []
  const output = createInterface(child.stderr)
  const outputEnded = new Promise<void>((resolve) => output.once('close', resolve))
  output.on('line', (line) => {
    lines.push(line)
    if (lines.length > LINES_KEPT_MAX) lines.shift()
    log(line)
  })
  // A Muster that has nothing else to do may end: its watcher then ends the server.
  child.unref()
  if (child.stderr instanceof Socket) child.stderr.unref()

  return {
    pid: child.pid as number,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    exited,
    hold: () => child.ref(),
    async lastWords() {
      // Workers hold the same pipe and may outlive their postmaster.
      await Promise.race([outputEnded, sleep(LAST_WORDS_MS)])
      return lines.join('\n')
    },
  }
}

function withResolvers() {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
