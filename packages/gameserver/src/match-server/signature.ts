import { createHmac, timingSafeEqual } from 'node:crypto'

export interface SignedRequest {
  /** The `muster-signature` header. */
  signature: string | undefined
  /** As it came, byte for byte. */
  body: string
}

const shape = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/
const leewayMs = 300_000

/** Whether Muster made this request, of late: `key` is the `prepareKey` that offering was answered with. */
export function isSignedByMuster(key: string, { signature, body }: SignedRequest, now: number): boolean {
  const [, at, hex] = shape.exec(signature ?? '') ?? []
  if (at === undefined || hex === undefined || Math.abs(Number(at) * 1_000 - now) > leewayMs) return false
  const expected = createHmac('sha256', Buffer.from(key, 'hex')).update(`${at}.${body}`).digest()
  return timingSafeEqual(expected, Buffer.from(hex, 'hex'))
}
