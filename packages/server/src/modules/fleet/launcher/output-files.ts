import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerId } from '@muster/protocol'
import type { OldOutput, OutputFile } from './machine.ts'

/** Where the output of launched servers is kept, a file each. */
export interface OutputFiles {
  pathOf(server: ServerId): string
  fileOf(server: ServerId): OutputFile
  makeFolder(): Promise<void>
  removeOld(request: OldOutput): Promise<number>
}

const ending = '.log'

export function outputFiles(dataDir: string): OutputFiles {
  const folder = join(dataDir, 'servers')
  const pathOf = (server: ServerId) => join(folder, `${server}${ending}`)
  return {
    pathOf,
    fileOf: (server) => outputFile(pathOf(server)),
    makeFolder: async () => void (await mkdir(folder, { recursive: true, mode: 0o700 })),
    async removeOld(request) {
      const names = (await readdir(folder)).filter((name) => name.endsWith(ending))
      const kept: { server: ServerId; atMs: number }[] = []
      for (const server of names.map((name) => name.slice(0, -ending.length))) {
        const facts = await stat(pathOf(server)).catch(() => null)
        if (facts !== null) kept.push({ server, atMs: facts.mtimeMs })
      }
      const old = oldOf(kept, request)
      for (const server of old) await rm(pathOf(server), { force: true })
      return old.length
    },
  }
}

/** Of files written last at these times, those to be removed, oldest first. */
export function oldOf(
  kept: readonly { server: ServerId; atMs: number }[],
  { before, max, living }: OldOutput,
): ServerId[] {
  const beyond = Math.max(0, kept.length - max)
  return kept
    .filter(({ server }) => !living.has(server))
    .sort((a, b) => a.atMs - b.atMs)
    .filter(({ atMs }, index) => index < beyond || atMs < before)
    .map(({ server }) => server)
}

export const outputFile = (path: string): OutputFile => ({
  async open() {
    const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (file === null) return null
    return {
      size: async () => (await file.stat()).size,
      async read(position, bytesMax) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(bytesMax), 0, bytesMax, position)
        return buffer.subarray(0, bytesRead)
      },
      empty: () => file.truncate(0),
      close: () => file.close(),
    }
  },
})
