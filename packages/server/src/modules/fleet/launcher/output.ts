import { closeSync, openSync } from 'node:fs'
import { mkdir, open, readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerId } from '@muster/protocol'

/** What launched servers print. A file, not a pipe: so a server survives the end of the Muster that started it. */
export interface OutputFolder {
  prepare(): Promise<void>
  /** Opened for appending, so that emptying the file does not leave a hole. The caller closes it. */
  openFor(server: ServerId): { fd: number; close(): void }
  tail(server: ServerId): Tail
  /** Removes what is older than `keptMs`, and the oldest beyond `filesMax`. */
  tidy(now: number, keptMs: number, filesMax: number, live: ReadonlySet<ServerId>): Promise<void>
}

export interface Tail {
  /** Lines that came since, in full. */
  read(): Promise<string[]>
  /** The last lines seen. */
  last(): string[]
}

const readBytesMax = 65_536
const lineCharactersMax = 400
const ending = '.log'

export function createOutputFolder(folder: string, limits: { bytesMax: number; linesMax: number }): OutputFolder {
  const pathOf = (server: ServerId) => join(folder, `${server}${ending}`)
  return {
    async prepare() {
      await mkdir(folder, { recursive: true, mode: 0o700 })
    },
    openFor(server) {
      const fd = openSync(pathOf(server), 'a', 0o600)
      return { fd, close: () => closeSync(fd) }
    },
    tail: (server) => createTail(pathOf(server), limits),
    async tidy(now, keptMs, filesMax, live) {
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ending))
      const files = await Promise.all(
        names.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
      )
      const ended = files.filter(({ name }) => !live.has(name.slice(0, -ending.length))).sort((a, b) => b.at - a.at)
      const old = ended.filter(({ at }, place) => place >= filesMax || at < now - keptMs)
      for (const { name } of old) await rm(join(folder, name), { force: true })
    },
  }
}

function createTail(path: string, { bytesMax, linesMax }: { bytesMax: number; linesMax: number }): Tail {
  let position = 0
  let unfinished = ''
  const lines: string[] = []

  async function read(): Promise<string[]> {
    const size = (await stat(path).catch(() => null))?.size ?? 0
    // The file was emptied, by us or by somebody else.
    if (size < position) position = 0
    // Of a flood, only the end is of interest.
    if (size - position > readBytesMax) {
      position = size - readBytesMax
      unfinished = ''
    }
    if (size === position) return []
    const file = await open(path, 'r')
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(size - position), 0, size - position, position)
      position += bytesRead
      const parts = (unfinished + buffer.subarray(0, bytesRead).toString('utf8')).split('\n')
      unfinished = (parts.pop() ?? '').slice(0, lineCharactersMax)
      const fresh = parts.map((line) => line.replace(/\r$/, '').slice(0, lineCharactersMax))
      lines.push(...fresh)
      lines.splice(0, Math.max(0, lines.length - linesMax))
      return fresh
    } finally {
      await file.close()
      if (size > bytesMax) await truncate(path, 0)
    }
  }

  return { read, last: () => (unfinished === '' ? [...lines] : [...lines, unfinished].slice(-linesMax)) }
}
