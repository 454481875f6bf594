import { createHash } from 'node:crypto'
import type { Id } from '@muster/protocol'
import type { Clock } from './clock.ts'
import { drawnBytes } from './drawn-bytes.ts'

export type MintId = <Noun extends string>(noun: Noun) => Id<Noun>

const letters = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz')
const timeDigits = 10
const restBytes = 10
const digits = 26

/** An id as one flat string: put together letter by letter it would be kept as a tree of its parts, at many times the
 *  memory. The first ten letters tell the time, the others stand for ten bytes. */
function idOf<Noun extends string>(noun: Noun, atMs: number, bytes: Uint8Array): Id<Noun> {
  const start = noun.length + 1
  const text = Buffer.allocUnsafe(start + digits)
  text.write(noun, 'latin1')
  text[start - 1] = 0x5f
  let time = Math.max(0, Math.floor(atMs))
  for (let at = start + timeDigits - 1; at >= start; at--) {
    text[at] = letters[time % 32] as number
    time = Math.floor(time / 32)
  }
  let at = start + timeDigits
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text[at++] = letters[(held >> bits) & 31] as number
    }
  }
  return text.toString('latin1') as Id<Noun>
}

/** Ids that sort by time and say nothing else: a noun, ten letters of time, sixteen of chance. */
export const idMint =
  (clock: Clock, bytes: (count: number) => Uint8Array = drawnBytes()): MintId =>
  (noun) =>
    idOf(noun, clock.now(), bytes(restBytes))

/** Mints the same ids again for the same seed, so that a repeated request makes the same things. */
export function repeatableMint(seed: string, atMs: number): MintId {
  let count = 0
  return (noun) => {
    const hash = createHash('sha256').update(`${seed}\n${noun}\n${count++}`).digest()
    return idOf(noun, atMs, hash.subarray(0, restBytes))
  }
}
