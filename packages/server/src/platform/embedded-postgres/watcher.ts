import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import type { RunAs } from './run-as.ts'

/** Ends one server when Muster ends without having done so, however suddenly. */
export interface Watcher {
  /** The server has ended: there is nothing to watch any more. */
  release(): void
}

/**
 * A shell that reads from a pipe which only Muster holds: a line means that all is well, the end of the pipe that Muster
 * is gone. It needs about 100 kB. Windows has no such shell: there the server lives on until the next start ends it.
 */
const SCRIPT = 'trap "" INT TERM HUP; read -r line || kill -INT "$1"'

/** A shell that is killed is replaced, but not one that cannot run. */
const REPLACEMENTS_MAX = 20

export function watch(pid: number, as: RunAs, log: (line: string) => void): Watcher {
  let released = false
  let letGo: () => void = () => undefined

  const post = (replacementsLeft: number) => {
    // Detached, so that Ctrl-C in a terminal reaches Muster alone, which then stops in its own order.
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'muster-watcher', String(pid)], {
      ...as.spawnOptions,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    shell.on('error', (error) => log(`nobody will end PostgreSQL if Muster is killed: ${error.message}`))
    shell.on('exit', () => {
      if (!released && replacementsLeft > 0) post(replacementsLeft - 1)
    })
    shell.stdin.on('error', () => undefined)
    shell.unref()
    if (shell.stdin instanceof Socket) shell.stdin.unref()
    letGo = () => shell.stdin.end('\n')
  }

  if (process.platform !== 'win32') post(REPLACEMENTS_MAX)
  return {
    release() {
      released = true
      letGo()
    },
  }
}
