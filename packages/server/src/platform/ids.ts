import { createHash, randomBytes } from 'node:crypto'
import type { Id } from '@muster/protocol'
import type { Clock } from './clock.ts'

export type MintId = <Noun extends string>(noun: Noun) => Id<Noun>

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const timeDigits = 10
const restBytes = 10

function timePart(atMs: number): string {
  let rest = Math.max(0, Math.floor(atMs))
  let text = ''
  for (let digit = 0; digit < timeDigits; digit++) {
    text = alphabet[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** Ten bytes as sixteen letters of the same alphabet. */
function restPart(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31]
    }
  }
  return text
}

/** Ids that sort by time and say nothing else: a noun, ten letters of time, sixteen of chance. */
export const idMint =
  (clock: Clock, bytes: (count: number) => Uint8Array = randomBytes): MintId =>
  (noun) =>
    `${noun}_${timePart(clock.now())}${restPart(bytes(restBytes))}`

/** Mints the same ids again for the same seed, so that a repeated request makes the same things. */
export function repeatableMint(seed: string, atMs: number): MintId {
  let count = 0
  return (noun) => {
    const hash = createHash('sha256').update(`${seed}\n${noun}\n${count++}`).digest()
    return `${noun}_${timePart(atMs)}${restPart(hash.subarray(0, restBytes))}`
  }
}
