import { createHmac, timingSafeEqual } from 'node:crypto'
import type { PlayerId, SessionId, TicketClaims } from '@muster/protocol'
import { ticketHeader } from '@muster/protocol/ticket-header'

/** A player that a ticket let in. */
export interface Admitted {
  player: PlayerId
  nick: string
  team: number | null
  role: 'host' | 'player' | 'spectator'
  guest: boolean
  /** True where this player was in before: drop the older connection, the new one takes its place. */
  returning: boolean
}

export type TicketRefusal = 'malformed' | 'forged' | 'expired' | 'other_server' | 'other_session' | 'spent'

export type Admission = { ok: true; admitted: Admitted } | { ok: false; reason: TicketRefusal }

export interface TicketGate {
  /** Lets in the ticket's player, once per ticket. Needs no network. */
  admit(ticket: string): Admission
}

export interface TicketGateOptions {
  /** 64 hex digits, as this server was handed them. */
  key: string
  server: string
  session: SessionId
  /** Milliseconds since the epoch; the machine's own clock unless told. */
  now?: () => number
  /** How far that clock may be off. */
  leewayS?: number
}

const ticketLengthMax = 2_048
const leewayUsualS = 5

/** Checks tickets as the protocol has it: header compared whole, signature, `exp`, `aud`, `sid`, `jti` unused. */
export function createTicketGate(options: TicketGateOptions): TicketGate {
  if (!/^[0-9a-f]{64}$/i.test(options.key)) throw new Error('A ticket key has 64 hex digits.')
  const key = Buffer.from(options.key, 'hex')
  const now = options.now ?? Date.now
  const leewayMs = (options.leewayS ?? leewayUsualS) * 1_000
  const spent = new Map<string, number>()
  const seen = new Set<PlayerId>()

  return {
    admit(ticket) {
      const refuse = (reason: TicketRefusal): Admission => ({ ok: false, reason })
      if (typeof ticket !== 'string' || ticket.length > ticketLengthMax) return refuse('malformed')
      const [header, payload, signature, ...more] = ticket.split('.')
      if (header !== ticketHeader || !payload || !signature || more.length > 0) return refuse('malformed')
      if (!isSigned(key, `${header}.${payload}`, signature)) return refuse('forged')
      const claims = claimsOf(payload)
      if (claims === null) return refuse('malformed')
      const endsAt = claims.exp * 1_000 + leewayMs
      if (endsAt <= now()) return refuse('expired')
      if (claims.aud !== options.server) return refuse('other_server')
      if (claims.sid !== options.session) return refuse('other_session')
      for (const [jti, until] of spent) if (until <= now()) spent.delete(jti)
      if (spent.has(claims.jti)) return refuse('spent')
      spent.set(claims.jti, endsAt)
      const returning = seen.has(claims.sub)
      seen.add(claims.sub)
      const { sub: player, nick, team = null, role, guest } = claims
      return { ok: true, admitted: { player, nick, team, role, guest, returning } }
    },
  }
}

/** Base64url has several spellings of the same bytes; only the one that was signed counts. */
function isSigned(key: Buffer, signed: string, signature: string): boolean {
  const expected = Buffer.from(createHmac('sha256', key).update(signed).digest('base64url'))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** Null where the payload, though signed, is no ticket's. */
function claimsOf(payload: string): TicketClaims | null {
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as TicketClaims
    const texts = [claims.aud, claims.sid, claims.sub, claims.nick, claims.role, claims.jti]
    const isWhole = texts.every((text) => typeof text === 'string') && Number.isInteger(claims.exp)
    return isWhole && claims.iss === 'muster' ? claims : null
  } catch {
    return null
  }
}
