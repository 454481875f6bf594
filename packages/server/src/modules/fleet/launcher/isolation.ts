import { execFile } from 'node:child_process'
import { access, constants, lstat, mkdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { FleetOptions, LaunchSource } from '../config.ts'

/** How far servers launched here are kept from Muster, from the machine and from each other. */
export interface Isolation {
  /** What limits are set with; null where nothing is limited. */
  tools: Tools | null
  /** From where each server is given a user of its own; null where they run as Muster's. */
  users: UserRange | null
  /** What cannot have a user of its own is not started at all. */
  required: boolean
  /** What servers are not kept from, in words for who operates this machine. */
  shortfall: string | null
}

export interface Tools {
  prlimit: string
  setpriv: string
  /** Limits of Muster's own that it may not raise. */
  ceilings: Readonly<Record<keyof Limits, number>>
}

export interface UserRange {
  first: number
  last: number
  /** Holds what belongs to each user, and says whose it is. */
  folder: string
}

/** The first port that users other than root may listen on; 0 where no system says so. */
export async function firstUnprivilegedPort(): Promise<number> {
  const text = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1').catch(() => '0')
  return Number(text)
}

export type Limits = LaunchSource['limits']

export const notIsolated: Isolation = { tools: null, users: null, required: false, shortfall: null }

const mebibyte = 1_048_576
const probeMs = 10_000
const consequence =
  'A launched server runs as Muster’s own user: it can read what Muster can, the environment of other servers too'

/**
 * What this machine allows, found by trying it. Without root there is one user for all; without the tools of util-linux,
 * or elsewhere than on Linux, there are no limits either. Throws, in words, where more is required.
 */
export async function lookForIsolation(
  { isolation, isolationUsers, isolationFolder }: FleetOptions,
  path: string | undefined,
): Promise<Isolation> {
  const required = isolation === 'always'
  const found = isolation === 'never' ? none(`${consequence}, as fleet.isolation says.`) : await possible()
  if (required && found.shortfall !== null) throw new Error(`fleet.isolation is \`always\`, but: ${found.shortfall}`)
  return { ...found, required }

  async function possible(): Promise<Isolation> {
    if (process.platform !== 'linux') return none(`${consequence}, and without limits: those are to be had on Linux.`)
    const tools = await findTools(path)
    if (tools === null) {
      return none(`${consequence}, and without limits: \`setpriv\` and \`prlimit\`, of util-linux, are not installed.`)
    }
    const unlimited = await problemOf(tools, null, path)
    if (unlimited !== null) return none(`${consequence}, and without limits: ${unlimited}`)
    if (process.geteuid?.() !== 0) {
      const words = `${consequence}, and how many processes it starts is not limited. Muster gives each server a user of its own where it runs as root.`
      return { tools, users: null, required, shortfall: words }
    }
    const [first, last] = isolationUsers
    const users = { first, last, folder: resolve(isolationFolder ?? join(tmpdir(), 'muster-servers')) }
    const problem = await problemWith(users, tools, path)
    return problem === null
      ? { tools, users, required, shortfall: null }
      : { tools, users: null, required, shortfall: `${consequence}: ${problem}` }
  }
}

const none = (shortfall: string): Isolation => ({ ...notIsolated, shortfall })

/** The words before a command that make it run as that user, or as Muster's, and within the limits. */
export function wrapperOf({ prlimit, setpriv, ceilings }: Tools, limits: Limits, uid: number | null): string[] {
  const limit = (option: string, name: keyof Limits, unit = 1) =>
    `--${option}=${Math.min(limits[name] * unit, ceilings[name])}`
  return [
    prlimit,
    '--core=0',
    limit('data', 'memoryMiB', mebibyte),
    limit('fsize', 'fileMiB', mebibyte),
    limit('nofile', 'openFiles'),
    // Of all processes of the user: as Muster's own it would be the first of them that can start no more.
    ...(uid === null ? [] : [limit('nproc', 'processes')]),
    setpriv,
    '--no-new-privs',
    '--inh-caps=-all',
    ...(uid === null ? [] : [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']),
  ]
}

/** What the operating system says in each field of `/proc/PID/status`, by its name. */
export const statusFields = (status: string): Map<string, string> =>
  new Map(
    status.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  )

async function problemWith(users: UserRange, tools: Tools, path: string | undefined): Promise<string | null> {
  const folder = await makeUsersFolder(users.folder)
  if (folder !== null) return folder
  return (await problemOf(tools, users.first, path)) ?? (await problemOf(tools, users.last, path))
}

/** Others may walk through it, and nobody else may put anything there. */
export async function makeUsersFolder(folder: string): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o711 })
    const facts = await lstat(folder)
    if (!facts.isDirectory() || facts.uid !== 0 || (facts.mode & 0o022) !== 0) {
      return `fleet.isolationFolder: ${folder} must be a folder that belongs to root and that nobody else may write to.`
    }
    const closed = (facts.mode & 0o001) === 0 ? folder : null
    return closed === null ? null : `fleet.isolationFolder: ${closed} cannot be entered by others.`
  } catch (error) {
    return `fleet.isolationFolder: ${(error as Error).message}`
  }
}

/** Starts something in the way in which servers are to be started, and looks at what became of it. */
async function problemOf(tools: Tools, uid: number | null, path: string | undefined): Promise<string | null> {
  const cat = await findTool('cat', path)
  if (cat === null) return '`cat` is not installed.'
  const limits = { memoryMiB: 512, processes: 64, openFiles: 64, fileMiB: 1 }
  const [program = '', ...parts] = [...wrapperOf(tools, limits, uid), cat, '/proc/self/status']
  const { status, problem } = await new Promise<{ status: string; problem: string | null }>((done) => {
    execFile(program, parts, { cwd: '/', env: {}, timeout: probeMs }, (error, stdout, stderr) =>
      done({ status: stdout, problem: error === null ? null : stderr.trim() || error.message }),
    )
  })
  if (problem !== null) return uid === null ? problem : `the user id ${uid} cannot be taken on: ${problem}`
  const fields = statusFields(status)
  const isUser =
    uid === null ||
    fields
      .get('Uid')
      ?.split('\t')
      .every((one) => one === String(uid))
  return isUser && fields.get('NoNewPrivs') === '1'
    ? null
    : 'the tools of util-linux do not do here what they are to do.'
}

async function findTools(path: string | undefined): Promise<Tools | null> {
  const [prlimit, setpriv] = [await findTool('prlimit', path), await findTool('setpriv', path)]
  if (prlimit === null || setpriv === null) return null
  const limits = await readFile('/proc/self/limits', 'latin1')
  const hard = (name: string) => {
    const [, value] = new RegExp(`^${name} +\\S+ +(\\S+)`, 'm').exec(limits) ?? []
    return value === undefined || value === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(value)
  }
  return {
    ...{ prlimit, setpriv },
    ceilings: {
      memoryMiB: hard('Max data size'),
      processes: hard('Max processes'),
      openFiles: hard('Max open files'),
      fileMiB: hard('Max file size'),
    },
  }
}

async function findTool(name: string, path = ''): Promise<string | null> {
  for (const folder of [...path.split(':'), '/usr/bin', '/bin', '/usr/sbin', '/sbin'].filter((one) =>
    one.startsWith('/'),
  )) {
    const found = await access(join(folder, name), constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return join(folder, name)
  }
  return null
}
