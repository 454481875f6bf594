import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'

export const repository = fileURLToPath(new URL('../../../../', import.meta.url))
const program = join(repository, 'packages/server/bin/muster.mjs')
/** The same, once it is built. */
const built = join(repository, 'packages/server/dist/cli/index.js')
export const raidServer = join(repository, 'examples/coop/dist/server.js')
export const duelServer = join(repository, 'examples/duel/dist/server.js')

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}

/** What a process prints, and when it has printed something. */
export interface Output {
  text(): string
  until(pattern: RegExp): Promise<RegExpExecArray>
}

export function outputOf(child: ChildProcess): Output {
  let text = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      text += `${line}\n`
      for (const look of [...waiting]) look()
    })
  }
  return {
    text: () => text,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(text)
          if (found === null) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        child.once('close', (code) => reject(new Error(`It ended (${code}) before it said ${pattern}:\n${text}`)))
        look()
      }),
  }
}

export interface MusterProcess {
  url: string
  pid: number
  output: Output
  child: ChildProcess
  /** Resolves with the exit code when it has ended; null where a signal ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

/** Who was made at the first start, told once, as it serves. */
export async function firstOperatorOf({ output }: MusterProcess): Promise<{ username: string; password: string }> {
  const pattern = /"username":"operator","password":"([^"]+)"/
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`No first operator was told of:\n${output.text()}`)), 30_000).unref()
  })
  const [, password = ''] = await Promise.race([output.until(pattern), late])
  return { username: 'operator', password }
}

/** A folder for one Muster: its data, its configuration, and the port that it keeps over restarts. */
export interface Home extends AsyncDisposable {
  folder: string
  data: string
  url: string
  environment: Record<string, string | undefined>
  /** `muster serve`, as somebody would type it; resolves when it serves. */
  start(): Promise<MusterProcess>
  /** Another command, run to its end. */
  run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }>
}

/** `uid` is whom Muster runs as; unless told, whoever runs the test. `handsDown` are files of the test that it inherits, by
 *  the number that each has there. */
export async function musterHome(
  config: object,
  { uid, handsDown = {} }: { uid?: number; handsDown?: Readonly<Record<number, number>> } = {},
): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-journey-'))
  // Where servers have users of their own, they begin in it.
  await chmod(folder, 0o711)
  if (uid !== undefined) await chown(folder, uid, uid)
  const user = uid === undefined ? {} : { uid, gid: uid }
  const data = join(folder, 'data')
  const port = await freePort()
  const file = join(folder, 'muster.config.json')
  await writeFile(file, JSON.stringify(config))
  const environment = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, MUSTER_DATA: data, MUSTER_CONFIG: file },
    ...{ PORT: String(port), MUSTER_LOG_LEVEL: 'info' },
  }
  const running = new Set<MusterProcess>()
  const numbers = Object.keys(handsDown).map(Number)
  const more = Array.from({ length: Math.max(2, ...numbers) - 2 }, (_, at) => handsDown[at + 3] ?? 'ignore')

  return {
    ...{ folder, data, environment, url: `http://127.0.0.1:${port}` },
    async start() {
      const child = spawn(process.execPath, [program, 'serve'], {
        ...{ cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe', ...more], ...user },
      })
      const output = outputOf(child)
      const [, url = ''] = await output.until(/"url":"([^"]+)".*"Muster serves"/)
      const muster: MusterProcess = {
        ...{ url, output, child, pid: child.pid ?? 0 },
        async end(signal) {
          running.delete(muster)
          if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
          const exited = once(child, 'exit')
          child.kill(signal)
          return (await exited)[0] as number | null
        },
      }
      running.add(muster)
      return muster
    },
    run: (...words) =>
      new Promise((resolve) => {
        execFile(process.execPath, [built, ...words], { cwd: folder, env: environment }, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
        })
      }),
    async [Symbol.asyncDispose]() {
      for (const muster of running) await muster.end('SIGKILL')
      // Launched servers that were left playing know the folder no more, but where they report. Until all have ended, they
      // may write there.
      await eventually('whoever is left has ended', async () => {
        const left = await processesOf(folder, `MUSTER_API_URL=http://127.0.0.1:${port}`)
        for (const { pid } of left) killNow(pid)
        return left.length === 0
      })
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Also where it has ended already. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has just ended by itself.
  }
}

export interface FoundProcess {
  pid: number
  commandLine: string
}

/** Every process that has to do with that folder or address: by its command line, its environment or its working folder. */
export async function processesOf(...marks: string[]): Promise<FoundProcess[]> {
  const found: FoundProcess[] = []
  for (const name of await readdir('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
    const [commandLine, environment, status, cwd] = await Promise.all([
      read('cmdline'),
      read('environ'),
      read('status'),
      readlink(`/proc/${name}/cwd`).catch(() => ''),
    ])
    // One that has ended and is not yet fetched by its parent is no process any more.
    if (/^State:\s+Z/m.test(status)) continue
    const all = `${commandLine}\u0000${environment}\u0000${cwd}`
    if (marks.some((mark) => all.includes(mark)))
      found.push({ pid, commandLine: commandLine.replaceAll('\u0000', ' ') })
  }
  return found
}
