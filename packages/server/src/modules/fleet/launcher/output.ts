import { StringDecoder } from 'node:string_decoder'
import { stripVTControlCharacters } from 'node:util'
import type { OpenOutput, OutputFile } from './machine.ts'

export interface OutputOptions {
  file: OutputFile
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
  /** Complete lines since the last reading, as they were printed. Of a flood only the end is read; with `whole`, also
   *  its beginning. */
  read(whole: boolean): Promise<string[]>
  /** At the last reading there was more than is kept. */
  readonly overflowing: boolean
  /** The last lines, oldest first. */
  last(): readonly string[]
  /** How many lines there were; grows with each. */
  count(): number
}

const chunkBytesMax = 262_144
const wholeBytesMax = 16_777_216
const lineCharsMax = 500
const struck = '[redacted]'
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal or a database.
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g

export function readOutput({ file: printed, bytesMax, linesMax, secrets, from }: OutputOptions): Output {
  let position = from === 'start' ? 0 : null
  let decoder = new StringDecoder('utf8')
  let partial = ''
  let kept: string[] = []
  let count = 0
  let overflowing = false

  const clean = (line: string) => {
    let text = stripVTControlCharacters(line).replace(controls, '')
    for (const secret of secrets) text = text.replaceAll(secret, struck)
    return text.length > lineCharsMax ? `${text.slice(0, lineCharsMax)}…` : text
  }

  async function readTo(file: OpenOutput, end: number, lines: string[]): Promise<void> {
    while (position !== null && position < end) {
      const bytes = await file.read(position, Math.min(end - position, chunkBytesMax))
      if (bytes.length === 0) return
      position += bytes.length
      const parts = (partial + decoder.write(bytes)).split('\n')
      partial = (parts.pop() ?? '').slice(0, lineCharsMax * 4)
      lines.push(...parts)
    }
  }

  async function readOn(file: OpenOutput, whole: boolean): Promise<string[]> {
    const size = await file.size()
    const lines: string[] = []
    // Somebody emptied it: what is there now is new.
    if (position !== null && size < position) position = 0
    if (whole && position !== null) await readTo(file, Math.min(size, position + wholeBytesMax), lines)
    const tail = Math.max(0, size - chunkBytesMax)
    if (position === null || position < tail) {
      position = tail
      decoder = new StringDecoder('utf8')
      partial = ''
    }
    await readTo(file, size, lines)
    overflowing = size > bytesMax
    if (overflowing) {
      // The server appends, so it goes on at the new end.
      await file.empty()
      position = 0
    }
    return lines
  }

  return {
    async read(whole) {
      const file = await printed.open()
      if (file === null) return []
      try {
        const lines = await readOn(file, whole)
        count += lines.length
        kept = [...kept, ...lines.slice(-linesMax).map(clean)].slice(-linesMax)
        return lines
      } finally {
        await file.close()
      }
    },
    last: () => (partial === '' ? kept : [...kept, clean(partial)].slice(-linesMax)),
    count: () => count,
    get overflowing() {
      return overflowing
    },
  }
}

/** The port that a line of readiness names, null if it names none; undefined for any other line. */
export function readinessIn(line: string): number | null | undefined {
  const [whole, port] = /^MUSTER_READY(?:\s+port=(\d{1,5}))?\s*$/.exec(line) ?? []
  if (whole === undefined) return undefined
  const number = Number(port)
  return port === undefined || number < 1 || number > 65_535 ? null : number
}
