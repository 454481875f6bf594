import type { IncomingMessage } from 'node:http'
import { Refusal } from '@muster/protocol'

/** Node goes by the first; what stands between us and the caller may have gone by another. */
export function refusalOfTwoHosts({ rawHeaders }: IncomingMessage): Refusal | null {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  if (count < 2) return null
  return new Refusal('INVALID_REQUEST', { detail: 'A request names one host, in one `Host` header.' })
}
