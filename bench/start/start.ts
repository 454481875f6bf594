import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { optionsOf } from '../options.ts'
import { memoryMiBOf } from '../processes.ts'
import { printTable, type Row, writeResults } from '../report.ts'
import { end, firstWord, makeFolder, startMuster, type Word } from '../served.ts'

/**
 * How long `muster serve` takes from its start until a caller is answered that it is ready: the first time, when it makes
 * its data, and every other time; and what it and its PostgreSQL hold of the memory when nobody has called for a while.
 * `--newcomer` makes a fresh checkout as well, and takes the time from `npm ci` to the first answer.
 */
const options = optionsOf({ short: { type: 'boolean', default: false }, newcomer: { type: 'boolean', default: false } })
const laterStarts = options.short ? 2 : 5
const idleMs = options.short ? 3_000 : 15_000
const lookEveryMs = 20
const newcomerWithinMs = 300_000

async function untilReady(url: string, withinMs: number): Promise<void> {
  for (const endsAt = performance.now() + withinMs; performance.now() < endsAt; await pause(lookEveryMs)) {
    const answer = await fetch(`${url}/readyz`).catch(() => null)
    if (answer?.ok === true) return
  }
  throw new Error('It was not ready in time.')
}

async function startOnce(folder: { path: string; configFile: string }, start: string): Promise<Row> {
  const began = performance.now()
  const muster = startMuster(folder)
  try {
    const { url } = await firstWord<Word>(muster)
    await untilReady(url, 10_000)
    const readyS = (performance.now() - began) / 1_000
    await pause(idleMs)
    const { own, below } = memoryMiBOf(muster.pid!)
    return {
      start,
      'ready after, s': readyS,
      'idle: Node, MiB': own,
      'PostgreSQL, MiB': below,
      'both, MiB': own + below,
    }
  } finally {
    await end(muster)
  }
}

/** What somebody does who has just heard of Muster, with npm's own cache of packages. */
async function startAsNewcomer(): Promise<Row[]> {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const folder = await mkdtemp(join(tmpdir(), 'muster-newcomer-'))
  const run = async (command: string, args: string[]) => {
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}.`)
  }
  try {
    await run('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, '.'])
    const began = performance.now()
    await run('npm', ['ci'])
    const installedS = (performance.now() - began) / 1_000
    const port = 39_217
    const env = { ...process.env, PORT: String(port) }
    const muster = spawn('npm', ['start'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'], detached: true })
    try {
      await untilReady(`http://127.0.0.1:${port}`, newcomerWithinMs)
      const readyS = (performance.now() - began) / 1_000
      return [{ newcomer: 'npm ci && npm start', 'npm ci, s': installedS, 'ready after, s': readyS }]
    } finally {
      const ended = once(muster, 'exit')
      process.kill(-muster.pid!, 'SIGTERM')
      await ended
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

await using folder = await makeFolder({})
const rows = [await startOnce(folder, 'first')]
for (let later = 0; later < laterStarts; later++) rows.push(await startOnce(folder, 'later'))
printTable(`From start to first answer, and memory after ${idleMs / 1_000} s without a call (PSS)`, rows)
const newcomer = options.newcomer ? await startAsNewcomer() : []
printTable('A newcomer', newcomer)
writeResults('start', { starts: rows, newcomer })
