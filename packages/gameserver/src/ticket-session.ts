import type { SessionId } from '@muster/protocol'

/** Which session a ticket says it is for, unchecked: a server that runs several asks it, to know whose `admit` to ask. */
export function ticketSession(ticket: string): SessionId | null {
  try {
    const claims = JSON.parse(Buffer.from(ticket.split('.')[1] ?? '', 'base64url').toString()) as { sid?: unknown }
    return typeof claims.sid === 'string' ? (claims.sid as SessionId) : null
  } catch {
    return null
  }
}
