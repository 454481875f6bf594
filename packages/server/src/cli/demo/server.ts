import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Machine } from '../../config.ts'
import { CommandRefusal } from '../command.ts'
import { type Serving, showFirstOperator } from '../serve/announcement.ts'
import { notedServer } from '../serve/serving-note.ts'

export interface DemoServer extends AsyncDisposable {
  url: string
  /** The demo started it, and stops it. */
  started: boolean
  /** Which accounts are good there. */
  accounts: 'own' | URL
}

const queue = 'duel'
const linesKeptMax = 30
const answerWaitMs = 3_000

/** The server at `url`; or the one that runs at the configured address, or on the data folder; or one of the demo's own. */
export async function findOrStartServer(
  machine: Machine,
  url: string | undefined,
  to: NodeJS.WritableStream,
): Promise<DemoServer> {
  const say = (text: string) => void to.write(`${text}\n`)
  if (url !== undefined) {
    if (await hasDuel(url)) return running(url, new URL(url))
    throw new CommandRefusal(`no Muster with a queue \`${queue}\` answers on ${url}.`)
  }
  const noted = await notedServer(machine.data)
  const host = ['0.0.0.0', '::'].includes(machine.host) ? '127.0.0.1' : machine.host
  const configured = machine.port === 0 ? null : `http://${host.includes(':') ? `[${host}]` : host}:${machine.port}`
  for (const candidate of new Set([noted, configured])) {
    if (candidate === null || !(await hasDuel(candidate))) continue
    say(`A Muster answers on ${candidate}: the bots play there.`)
    return running(candidate, candidate === noted ? 'own' : new URL(candidate))
  }
  say(`No Muster answers${configured === null ? '' : ` on ${configured}`}: starting one on a free port.`)
  return start(machine, to)
}

const running = (url: string, accounts: DemoServer['accounts']): DemoServer => ({
  ...{ url, accounts, started: false },
  [Symbol.asyncDispose]: async () => undefined,
})

/** False where no Muster answers, at the first try. Refuses one that has no duels. */
async function hasDuel(url: string): Promise<boolean> {
  let names: string[]
  try {
    const response = await fetch(new URL('/queues', url), { signal: AbortSignal.timeout(answerWaitMs) })
    names = ((await response.json()) as { queues: { name: string }[] }).queues.map(({ name }) => name)
  } catch {
    return false
  }
  if (names.includes(queue)) return true
  throw new CommandRefusal(
    `the Muster on ${url} has no queue \`${queue}\`. The demo needs the muster.config.ts of the repository: start the server there.`,
  )
}

async function start(machine: Machine, to: NodeJS.WritableStream): Promise<DemoServer> {
  const program = fileURLToPath(new URL('../index.js', import.meta.url))
  const words = ['serve', '--port', '0', '--data', machine.data, '--log-format', 'json']
  const config = machine.config === '' ? [] : ['--config', machine.config]
  // The channel ends with this process, however it ends, and the server with the channel.
  const child = spawn(process.execPath, [program, ...words, ...config], {
    env: { ...machine.environment, MUSTER_PUBLIC_URL: '' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const lines = linesOf(child)
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
  try {
    const { url, firstOperator } = await serving(child, lines)
    showFirstOperator(firstOperator, to, null)
    if (!(await hasDuel(url))) throw new CommandRefusal(`the server that was started on ${url} does not answer.`)
    to.write(`It answers on ${url}.\n`)
    return { url, started: true, accounts: 'own', [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function linesOf(child: ChildProcess): string[] {
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (lines.length > linesKeptMax) lines.shift()
    })
  }
  return lines
}

/** What it says of itself when it answers. */
async function serving(child: ChildProcess, lines: string[]): Promise<Serving> {
  const said = once(child, 'message').then(([message]) => message as Serving)
  const ended = once(child, 'close').then(() => null)
  const news = await Promise.race([said, ended])
  if (news !== null) return news
  throw new CommandRefusal(`the server could not be started:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}
