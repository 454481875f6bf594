import type { Config } from './config.ts'

export interface LaunchWarning {
  mode: string
  words: string
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
