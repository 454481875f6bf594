import { StringDecoder } from 'node:string_decoder'
import { BadInput } from '../bad-input.ts'

/** A game of a thousand players with long names still fits; a file without line ends must not fill the memory. */
export const lineLengthMax = 1_000_000

/** The lines of a stream, in batches as they arrive, without their line ends and without a byte order mark. */
export async function* lineBatches(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string[]> {
  const decoder = new StringDecoder('utf8')
  let count = 0
  let rest = ''
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.write(chunk as Buffer)
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (count === 0 && lines[0] !== undefined) lines[0] = withoutMark(lines[0])
    count += lines.length
    if (rest.length > lineLengthMax) {
      throw new BadInput(`line ${count + 1}: is longer than ${lineLengthMax} characters`)
    }
    yield lines.map(withoutReturn)
  }
  rest += decoder.end()
  if (rest !== '') yield [withoutReturn(count === 0 ? withoutMark(rest) : rest)]
}

const withoutMark = (line: string) => (line.startsWith('\uFEFF') ? line.slice(1) : line)
const withoutReturn = (line: string) => (line.endsWith('\r') ? line.slice(0, -1) : line)
