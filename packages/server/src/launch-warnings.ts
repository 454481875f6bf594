import type { Config } from './config.ts'
import { closedToOthers, type Isolation, lookForIsolation } from './modules/fleet/index.ts'
import { ConfigError } from './platform/options.ts'

export interface LaunchWarning {
  mode: string
  words: string
}

/** How far launched servers are kept apart on this machine; null where none is launched. What it refuses is a mistake of
 *  the configuration. */
export async function isolationHere({ modes, fleet }: Config, path: string | undefined): Promise<Isolation | null> {
  if (!Object.values(modes).some(({ server }) => server.launch !== undefined)) return null
  return lookForIsolation(fleet, path).catch((error: Error) => {
    throw new ConfigError('The configuration', [error.message])
  })
}

/** Modes whose servers could have a user of their own if that user could reach what they need. */
export async function closedModes(
  { modes }: Pick<Config, 'modes'>,
  { users, required }: Isolation,
  path: string | undefined,
): Promise<LaunchWarning[]> {
  if (users === null) return []
  const found: LaunchWarning[] = []
  for (const [mode, { server }] of Object.entries(modes)) {
    if (server.launch === undefined) continue
    const { command, cwd, env } = server.launch
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
  return Object.entries(modes).flatMap(([mode, { server }]) => {
    if (server.launch === undefined) return []
    const { cwd = '.', ports, agones } = server.launch
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
