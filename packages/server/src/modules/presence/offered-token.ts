import type { IncomingMessage } from 'node:http'

/** A token that came with the request to open the socket, and where in it; the best way is none of these, but the first
 *  message. */
export interface OfferedToken {
  token: string
  from: 'protocol' | 'address'
  resumeAfter: number | null
}

export function offeredToken({ headers, url }: IncomingMessage): OfferedToken | null {
  const query = new URLSearchParams(url?.split('?', 2)[1] ?? '')
  const after = query.get('resume_after') ?? ''
  const resumeAfter = /^\d{1,15}$/.test(after) ? Number(after) : null
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  // Only who speaks our protocol can mean the one beside it as a token.
  const fromProtocol = offered.includes('muster') ? offered.find((one) => one !== 'muster') : undefined
  if (fromProtocol !== undefined) return { token: fromProtocol, from: 'protocol', resumeAfter }
  const token = query.get('token')
  return token === null ? null : { token, from: 'address', resumeAfter }
}
