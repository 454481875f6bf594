import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { KeyId } from '@muster/protocol'

/** `muster_sk_<id>_<secret><crc32>`: 256 bits of chance, and a checksum by which scanners and we tell a key from other
 *  text without looking it up. */
const shape = /^muster_sk_([0-9a-z]{1,64})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/
const secretDigits = 43
const checkDigits = 6
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function base62(bytes: Uint8Array, digits: number): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  for (let digit = 0; digit < digits; digit++) {
    text = alphabet[Number(rest % 62n)] + text
    rest /= 62n
  }
  return text
}

function checksumOf(text: string): string {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(text))
  return base62(sum, checkDigits)
}

const textOf = (id: KeyId, secret: string): string => {
  const text = `muster_sk_${id.slice('key_'.length)}_${secret}`
  return text + checksumOf(text)
}

/** What is kept of a key. A hash without salt or stretching is enough for 256 bits of chance. */
export const apiKeyHash = (apiKey: string): Buffer => createHash('sha256').update(apiKey).digest()

export function mintApiKey(id: KeyId): { text: string; hash: Buffer } {
  const text = textOf(id, base62(randomBytes(32), secretDigits))
  return { text, hash: apiKeyHash(text) }
}

/** Whose key it says it is; null where it cannot be one. */
export function parseApiKey(text: string): KeyId | null {
  const [, id, , checksum] = shape.exec(text) ?? []
  if (id === undefined || checksum !== checksumOf(text.slice(0, -checkDigits))) return null
  return `key_${id}`
}
