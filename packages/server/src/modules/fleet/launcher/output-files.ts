import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerId } from '@muster/protocol'

/** Where the output of launched servers is kept, a file each. */
export interface OutputFiles {
  pathOf(server: ServerId): string
  makeFolder(): Promise<void>
  /** Removes what is older than `before`, and the oldest beyond `max`; files of `living` servers stay. */
  removeOld(request: { before: number; max: number; living: ReadonlySet<ServerId> }): Promise<number>
}

const ending = '.log'

export function outputFiles(dataDir: string): OutputFiles {
  const folder = join(dataDir, 'servers')
  return {
    pathOf: (server) => join(folder, `${server}${ending}`),
    makeFolder: async () => void (await mkdir(folder, { recursive: true, mode: 0o700 })),
    async removeOld({ before, max, living }) {
      const names = (await readdir(folder)).filter((name) => name.endsWith(ending))
      const old: { path: string; atMs: number }[] = []
      for (const name of names) {
        if (living.has(name.slice(0, -ending.length))) continue
        const path = join(folder, name)
        const facts = await stat(path).catch(() => null)
        if (facts !== null) old.push({ path, atMs: facts.mtimeMs })
      }
      old.sort((a, b) => a.atMs - b.atMs)
      const beyond = Math.max(0, names.length - max)
      const gone = old.filter(({ atMs }, index) => index < beyond || atMs < before)
      for (const { path } of gone) await rm(path, { force: true })
      return gone.length
    },
  }
}
