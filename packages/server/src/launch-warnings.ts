import type { Config } from './config.ts'
import {
  closedToOthers,
  findProgram,
  firstUnprivilegedPort,
  type Isolation,
  type LaunchSource,
  lookForIsolation,
  portProblem,
} from './modules/fleet/index.ts'
import { ConfigError } from './platform/options.ts'

export interface LaunchWarning {
  mode: string
  words: string
}

/** How far launched servers are kept apart on this machine; null where none is launched. What it refuses is a mistake of
 *  the configuration. */
export async function isolationHere({ modes, fleet }: Config, path: string | undefined): Promise<Isolation | null> {
  if (launchesOf(modes).length === 0) return null
  const isolation = await lookForIsolation(fleet, path).catch((error: Error) => {
    throw new ConfigError('The configuration', [error.message])
  })
  const complaints = userComplaints({ modes }, isolation, await firstUnprivilegedPort())
  if (complaints.length > 0) throw new ConfigError('The configuration', complaints)
  return isolation
}

/** What servers that have a user of their own could never do. */
export function userComplaints(
  { modes }: Pick<Config, 'modes'>,
  { users }: Pick<Isolation, 'users'>,
  firstPort: number,
): string[] {
  if (users === null) return []
  const launches = launchesOf(modes)
  const count = users.last - users.first + 1
  const processes = launches.reduce((sum, { launch }) => sum + launch.processesMax, 0)
  return [
    ...(count < processes
      ? [
          `fleet.isolationUsers: ${count} users are too few for ${processes} processes, which the modes may launch together`,
        ]
      : []),
    ...launches
      .filter(({ launch }) => launch.ports[0] < firstPort)
      .map(
        ({ mode, launch }) =>
          `modes.${mode}.server.launch.ports: ${launch.ports[0]} is below ${firstPort}, where only root may listen, and servers have a user of their own`,
      ),
  ]
}

const launchesOf = (modes: Config['modes']): { mode: string; launch: LaunchSource }[] =>
  Object.entries(modes).flatMap(([mode, { server }]) =>
    server.launch === undefined ? [] : [{ mode, launch: server.launch }],
  )

/** The first port that servers of this Muster's own user may listen on. */
export const firstPermittedPort = async (): Promise<number> =>
  process.geteuid?.() === 0 ? 0 : await firstUnprivilegedPort()

/** Modes whose program is not there, or whose servers could listen nowhere. It may be right all the same: what is missing
 *  may be installed later. */
export async function unlaunchableModes(
  { modes, fleet }: Pick<Config, 'modes' | 'fleet'>,
  path: string | undefined,
  firstPort: number,
): Promise<LaunchWarning[]> {
  const inherited: Record<string, string> =
    path === undefined || !fleet.inheritEnv.includes('PATH') ? {} : { PATH: path }
  const found = launchesOf(modes).map(async ({ mode, launch }) => {
    const { command, cwd, env, bindHost, ports } = launch
    const program = await findProgram({ command, cwd, environment: { ...inherited, ...env } })
    const place = `modes.${mode}.server.launch`
    const words: string[] = []
    if ('failure' in program) {
      const hint = command[0]?.includes(' ') ? '; arguments are items of their own' : ''
      words.push(`${place}.command: ${program.detail.replace(/\.$/, hint)}, so no server of this mode can be launched`)
    }
    // On any port: one of theirs might be wanted at this instant by a server that an earlier Muster launched.
    const problem = await portProblem(bindHost, 0)
    if (problem !== null) words.push(`${place}.bindHost: no server can listen on ${bindHost} (${problem})`)
    if (ports[0] < firstPort) {
      words.push(
        `${place}.ports: ${ports[0]} is below ${firstPort}, where only root may listen, and Muster is not root`,
      )
    }
    return words.map((one) => ({ mode, words: one }))
  })
  return (await Promise.all(found)).flat()
}

/** Modes whose servers could have a user of their own if that user could reach what they need. */
export async function closedModes(
  { modes }: Pick<Config, 'modes'>,
  { users, required }: Isolation,
  path: string | undefined,
): Promise<LaunchWarning[]> {
  if (users === null) return []
  const found: LaunchWarning[] = []
  for (const { mode, launch } of launchesOf(modes)) {
    const { command, cwd, env } = launch
    const closed = await closedToOthers({
      command,
      cwd,
      environment: path === undefined ? env : { PATH: path, ...env },
    })
    if (closed === null) continue
    const sequel = required ? 'so none can be launched' : 'so they run as root, as Muster does'
    const words = `modes.${mode}.server.launch: ${closed} is closed to others, also to the users that its servers would have, ${sequel}`
    found.push({ mode, words })
  }
  return found
}

/** What will probably keep servers from being launched here, though it may be right: a folder may be mounted later, and
 *  a game may listen by UDP where Muster listens by TCP. */
export function launchWarnings(
  { modes }: Pick<Config, 'modes'>,
  ownPort: number,
  isFolder: (path: string) => boolean,
): LaunchWarning[] {
  return launchesOf(modes).flatMap(({ mode, launch }) => {
    const { cwd = '.', ports, agones } = launch
    const ranges = { ports, ...(agones === undefined ? {} : { 'agones.ports': agones.ports }) }
    const place = `modes.${mode}.server.launch`
    const found: string[] = []
    if (!isFolder(cwd)) found.push(`${place}.cwd: there is no folder ${cwd}, so no server of this mode can be launched`)
    for (const [name, [first, last]] of Object.entries(ranges)) {
      if (first > ownPort || ownPort > last) continue
      found.push(`${place}.${name}: ${first} to ${last} holds ${ownPort}, where Muster itself listens`)
    }
    return found.map((words) => ({ mode, words }))
  })
}
