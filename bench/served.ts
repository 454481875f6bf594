import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../../packages/server/dist/cli/index.js', import.meta.url))
const startWithinMs = 120_000
const stopWithinMs = 30_000

/** Waits for what a process says first, or for its end, which is then an error. */
export async function firstWord<Word>(child: ChildProcess): Promise<Word> {
  const stopped = new AbortController()
  const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(startWithinMs)])
  try {
    const said = await Promise.race([
      once(child, 'message', { signal }).then(([word]) => ({ word: word as Word })),
      once(child, 'exit', { signal }).then(([code]) => ({ code: code as number | null })),
    ])
    if ('code' in said) throw new Error(`A process of the benchmark ended at its start, with ${said.code}.`)
    return said.word
  } finally {
    stopped.abort()
  }
}

/** Ends a process in good order, or by force where that takes too long. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
  await ended
  clearTimeout(force)
}

/** A data folder of its own, with a configuration in it. */
export async function makeFolder(config: object) {
  const path = await mkdtemp(join(tmpdir(), 'muster-bench-'))
  const configFile = join(path, 'muster.config.json')
  await writeFile(configFile, JSON.stringify(config))
  return {
    ...{ path, configFile },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

export interface Word {
  url: string
  firstOperator: { username: string; password: string } | null
}

/** `muster serve`, in a process of its own, as it is shipped. */
export function startMuster(folder: { path: string; configFile: string }, nodeOptions: string[] = []): ChildProcess {
  return fork(command, ['serve'], {
    execArgv: nodeOptions,
    env: {
      ...process.env,
      MUSTER_DATA: join(folder.path, 'data'),
      MUSTER_CONFIG: folder.configFile,
      MUSTER_LOG_LEVEL: 'warn',
      MUSTER_LOG_FORMAT: 'json',
      HOST: '127.0.0.1',
      PORT: '0',
    },
    // Its log would mingle with the table; what goes wrong is still seen.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}
