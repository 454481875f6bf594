import type { PlayerId, PrepareMatch } from '@muster/protocol'
import { createSession, type GameSession, type MatchInfo } from '../session.ts'
import { createTicketGate } from '../tickets.ts'
import type { MusterTime } from '../time.ts'
import { createClientGate } from './client-gate.ts'

/** Null for what is no PrepareMatch. */
export function prepareMatchIn(body: string): PrepareMatch | null {
  try {
    const message = JSON.parse(body) as PrepareMatch | null
    const { type, matchConfig, clientCookies } = message ?? {}
    if (type !== 'PrepareMatch' || typeof matchConfig?.matchId !== 'string' || !Array.isArray(clientCookies))
      return null
    return message
  } catch {
    return null
  }
}

/** The match as servers of other kinds are told it. */
function matchOf({ matchConfig }: PrepareMatch): MatchInfo {
  const { players, factions, nicknames, mode, matchId, loadingTimeoutS, durationMaxS } = matchConfig
  const teams: PlayerId[][] = []
  players.forEach((player, at) => {
    const team = Number(factions[at])
    while (teams.length <= team) teams.push([])
    teams[team]?.push(player)
  })
  return {
    ...{ match_id: matchId, mode, factions: teams },
    nicknames: Object.fromEntries(players.map((player, at) => [player, nicknames[at] ?? player])),
    ...{ loading_timeout_s: loadingTimeoutS, duration_max_s: durationMaxS },
  }
}

export interface PreparedOptions {
  url: string
  time: MusterTime
  onError(error: unknown): void
  onEnd(): void
}

/** The session of a match that is to be prepared. */
export function preparedSession(message: PrepareMatch, { url, time, onError, onEnd }: PreparedOptions): GameSession {
  const { sessionId: session, serverId: server, reportToken: token, ticketKey, mode, players } = message.matchConfig
  const tickets = createTicketGate({ key: ticketKey, server, session, now: time.now })
  return createSession({
    ...{ url, time, token, server, session, ticketKey, mode, maxPlayers: players.length },
    match: matchOf(message),
    gate: createClientGate(message.clientCookies, tickets),
    onReportRefused: onError,
    onEnd,
  })
}
