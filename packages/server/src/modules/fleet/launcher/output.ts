import { type FileHandle, open } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'
import { stripVTControlCharacters } from 'node:util'

export interface OutputOptions {
  path: string
  /** The file is emptied beyond this size. */
  bytesMax: number
  /** How many last lines are kept in mind. */
  linesMax: number
  /** Must never be shown: they are struck from what is read. */
  secrets: readonly string[]
  /** Where to begin to read: at the file's start, or near its end. */
  from: 'start' | 'tail'
}

/** What a server prints. It writes to a file by itself, so that it can outlive Muster; here the file is read on. */
export interface Output {
  /** Whole lines since the last reading. At most a chunk is read at once; what a flood puts before it is passed over. */
  read(): Promise<string[]>
  /** The last lines, oldest first. */
  last(): readonly string[]
  /** How many lines there were; grows with each. */
  count(): number
}

const chunkBytesMax = 262_144
const lineCharsMax = 500
const struck = '[redacted]'
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal or a database.
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g

export function readOutput({ path, bytesMax, linesMax, secrets, from }: OutputOptions): Output {
  let position = from === 'start' ? 0 : null
  let decoder = new StringDecoder('utf8')
  let partial = ''
  let kept: string[] = []
  let count = 0

  const clean = (line: string) => {
    let text = stripVTControlCharacters(line).replace(controls, '')
    for (const secret of secrets) text = text.replaceAll(secret, struck)
    return text.length > lineCharsMax ? `${text.slice(0, lineCharsMax)}…` : text
  }

  async function readOn(file: FileHandle): Promise<string[]> {
    const { size } = await file.stat()
    // Somebody emptied it: what is there now is new.
    if (position !== null && size < position) position = 0
    const tail = Math.max(0, size - chunkBytesMax)
    if (position === null || position < tail) {
      position = tail
      decoder = new StringDecoder('utf8')
      partial = ''
    }
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - position), 0, size - position, position)
    position += bytesRead
    const lines = (partial + decoder.write(buffer.subarray(0, bytesRead))).split('\n')
    partial = (lines.pop() ?? '').slice(0, lineCharsMax * 4)
    if (size > bytesMax) {
      // The server appends, so it goes on at the new end.
      await file.truncate(0)
      position = 0
    }
    return lines.map(clean)
  }

  return {
    async read() {
      const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      })
      if (file === null) return []
      try {
        const lines = await readOn(file)
        count += lines.length
        kept = [...kept, ...lines].slice(-linesMax)
        return lines
      } finally {
        await file.close()
      }
    },
    last: () => (partial === '' ? kept : [...kept, clean(partial)].slice(-linesMax)),
    count: () => count,
  }
}

/** The port that a line of readiness names, null if it names none; undefined for any other line. */
export function readinessIn(line: string): number | null | undefined {
  const [whole, port] = /^MUSTER_READY(?:\s+port=(\d{1,5}))?\s*$/.exec(line) ?? []
  if (whole === undefined) return undefined
  const number = Number(port)
  return port === undefined || number < 1 || number > 65_535 ? null : number
}
