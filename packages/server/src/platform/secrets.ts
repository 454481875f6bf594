import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { drawnBytes } from './drawn-bytes.ts'

/** Everything secret that must be known again later is derived from, or sealed under, one root secret, so that neither
 *  the database nor a log ever holds a usable key. */
export interface Secrets {
  /** 32 bytes, the same for the same words on every node. Parts are joined unambiguously. */
  derive(purpose: string, ...parts: string[]): Buffer
  /** Encrypts for keeping in the database; bound to `purpose`. */
  seal(purpose: string, plain: Uint8Array): Buffer
  /** Throws if it was sealed otherwise, or altered. */
  open(purpose: string, sealed: Uint8Array): Buffer
}

const nonceBytes = 12
const tagBytes = 16

export function createSecrets(root: Uint8Array): Secrets {
  if (root.length < 32) throw new Error('The root secret must have at least 32 bytes.')
  const base = Buffer.from(hkdfSync('sha256', root, '', 'muster root 1', 32))
  const nonces = drawnBytes()
  const derive = (purpose: string, ...parts: string[]) =>
    createHmac('sha256', base)
      .update(JSON.stringify([purpose, ...parts]))
      .digest()
  return {
    derive,
    seal(purpose, plain) {
      const nonce = nonces(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', derive('seal', purpose), nonce)
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    open(purpose, sealed) {
      const nonce = sealed.subarray(0, nonceBytes)
      const decipher = createDecipheriv('aes-256-gcm', derive('seal', purpose), nonce, { authTagLength: tagBytes })
      decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)), decipher.final()])
    },
  }
}

/** Compares two secrets in a time that tells nothing of where they differ. */
export function sameSecret(left: string, right: string): boolean {
  const a = Buffer.from(left)
  const b = Buffer.from(right)
  return a.length === b.length && timingSafeEqual(a, b)
}
