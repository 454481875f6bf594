import { createHmac, randomUUID } from 'node:crypto'
import { type SessionId, type TicketClaims, ticketHeader } from '@muster/protocol'

export const ticketKey = '0123456789abcdef'.repeat(4)
export const server = 'server_1'
export const session: SessionId = 'session_1'

/** A ticket as Muster would sign it; good for a minute unless told otherwise. */
export function ticketFor(player: string, more: Partial<TicketClaims> & { key?: string } = {}): string {
  const { key = ticketKey, ...claims } = more
  const now = Math.floor(Date.now() / 1_000)
  const whole = {
    ...{ iss: 'muster', aud: server, sid: session, sub: `player_${player}`, nick: player, team: 0, role: 'player' },
    ...{ guest: false, iat: now, exp: now + 60, jti: randomUUID(), ...claims },
  }
  const signed = `${ticketHeader}.${Buffer.from(JSON.stringify(whole)).toString('base64url')}`
  return `${signed}.${createHmac('sha256', Buffer.from(key, 'hex')).update(signed).digest('base64url')}`
}
