import { createHmac, timingSafeEqual } from 'node:crypto'
import type { PlayerId, SessionId } from '@muster/protocol'
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

interface Claims {
  aud: string
  sid: string
  sub: PlayerId
  nick: string
  team?: number
  role: 'host' | 'player' | 'spectator'
  guest: boolean
  exp: number
  jti: string
}

const ticketLengthMax = 2_048

/** Checks tickets as the protocol has it: header compared whole, signature, `exp`, `aud`, `sid`, `jti` unused. */
export function createTicketGate(options: {
  /** 64 hex digits, as this server was handed them. */
  key: string
  server: string
  session: SessionId
  /** Milliseconds since the epoch; the machine's own clock unless told. */
  now?: () => number
  /** How far this machine's clock may be off. */
  leewayS?: number
}): TicketGate {
  const key = Buffer.from(options.key, 'hex')
  const now = options.now ?? Date.now
  const leewayMs = (options.leewayS ?? 5) * 1_000
  const spent = new Map<string, number>()
  const seen = new Set<PlayerId>()

  return {
    admit(ticket) {
      const refuse = (reason: TicketRefusal): Admission => ({ ok: false, reason })
      if (ticket.length > ticketLengthMax) return refuse('malformed')
      const [header, payload, signature, ...more] = ticket.split('.')
      if (header !== ticketHeader || !payload || !signature || more.length > 0) return refuse('malformed')
      const expected = createHmac('sha256', key).update(`${header}.${payload}`).digest()
      const given = Buffer.from(signature, 'base64url')
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return refuse('forged')
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
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
