import { createHmac, timingSafeEqual } from 'node:crypto'
import { type SessionId, type TicketClaims, ticketHeader } from '@muster/protocol'

/** Longer than any ticket is; what is longer is not looked at. */
export const ticketLengthMax = 2_048

const signatureOf = (key: Uint8Array, signed: string): Buffer => createHmac('sha256', key).update(signed).digest()

/** A ticket: the fixed header, the claims, and an HMAC under the key that only its server has. */
export function signTicket(key: Uint8Array, claims: TicketClaims): string {
  const signed = `${ticketHeader}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
  return `${signed}.${signatureOf(key, signed).toString('base64url')}`
}

export type TicketRefusal = 'malformed' | 'forged' | 'expired' | 'other_server' | 'other_session'
export type TicketVerdict = { ok: true; claims: TicketClaims } | { ok: false; reason: TicketRefusal }

export interface TicketCheck {
  server: string
  session: SessionId
  now: number
}

/**
 * Reads a ticket as its game server does. The header is compared whole, so that no choice of algorithm is ever read from
 * a ticket, and nothing of it is parsed before the signature was found good. That each `jti` comes in only once is for
 * the server to remember.
 */
export function verifyTicket(key: Uint8Array, ticket: string, check: TicketCheck): TicketVerdict {
  const refuse = (reason: TicketRefusal): TicketVerdict => ({ ok: false, reason })
  if (ticket.length > ticketLengthMax) return refuse('malformed')
  const [header, payload, signature, ...more] = ticket.split('.')
  if (header !== ticketHeader || !payload || !signature || more.length > 0) return refuse('malformed')
  const expected = signatureOf(key, `${header}.${payload}`)
  const given = Buffer.from(signature, 'base64url')
  // A base64url text has several spellings of the same bytes; only the one that was signed counts.
  const spelledSo = given.length === expected.length && given.toString('base64url') === signature
  if (!spelledSo || !timingSafeEqual(given, expected)) return refuse('forged')
  const claims = claimsOf(payload)
  if (claims === null) return refuse('malformed')
  if (claims.exp * 1_000 <= check.now) return refuse('expired')
  if (claims.aud !== check.server) return refuse('other_server')
  if (claims.sid !== check.session) return refuse('other_session')
  return { ok: true, claims }
}

function claimsOf(payload: string): TicketClaims | null {
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as TicketClaims
    const texts = [claims.aud, claims.sid, claims.sub, claims.nick, claims.role, claims.jti]
    const whole = texts.every((text) => typeof text === 'string') && Number.isInteger(claims.exp)
    return whole && claims.iss === 'muster' ? claims : null
  } catch {
    return null
  }
}
