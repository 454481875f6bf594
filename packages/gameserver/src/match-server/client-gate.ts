import type { PlayerId, PrepareMatch } from '@muster/protocol'
import type { Admitted, TicketGate } from '../tickets.ts'

const guestTag = /#\d+$/

/**
 * Lets in the clients that PrepareMatch names: each shows, at every coming, the ticket that it and the server were told.
 * Whatever else is shown goes to `others`, the gate for tickets of clients of other kinds.
 */
export function createClientGate(clients: PrepareMatch['clientCookies'], others: TicketGate): TicketGate {
  const byTicket = new Map(clients.map((client) => [client.ticket, client]))
  const seen = new Set<PlayerId>()

  return {
    admit(ticket) {
      const client = byTicket.get(ticket)
      const admission =
        client === undefined ? others.admit(ticket) : ({ ok: true, admitted: admittedOf(client) } as const)
      if (!admission.ok) return admission
      const { player } = admission.admitted
      const returning = seen.has(player)
      seen.add(player)
      return { ok: true, admitted: { ...admission.admitted, returning } }
    },
  }
}

const admittedOf = ({ playerId, nickname, faction }: PrepareMatch['clientCookies'][number]): Admitted => ({
  player: playerId,
  nick: nickname,
  team: /^\d+$/.test(faction) ? Number(faction) : null,
  role: 'player',
  // Only guests' nicks end so.
  guest: guestTag.test(nickname),
  returning: false,
})
