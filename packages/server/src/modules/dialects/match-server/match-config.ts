import type { Match, MatchConfig, MatchId, PlayerId, PrepareMatch, SessionId } from '@muster/protocol'
import type { Brief } from '../../sessions/index.ts'

/** The players in one order, each with the team and the name. */
const playersOf = ({ factions, nicknames }: Pick<Match, 'factions' | 'nicknames'>) =>
  factions.flatMap((players, team) =>
    players.map((player) => ({ player, faction: String(team), nickname: nicknames[player] ?? player })),
  )

/** A match by the document: faction and nickname of each player, in lists of one order. */
export function matchConfigOf(match: Match, ticket?: string): MatchConfig {
  const players = playersOf(match)
  return {
    type: 'MatchConfig',
    address: match.address,
    matchId: match.match_id,
    sessionId: match.session_id,
    mode: match.mode,
    region: match.region,
    transport: match.transport,
    factions: players.map(({ faction }) => faction),
    nicknames: players.map(({ nickname }) => nickname),
    players: players.map(({ player }) => player),
    ...(ticket === undefined ? {} : { ticket }),
  }
}

/** A session that no match led to goes by its own id. */
export const matchIdOf = ({ match_id, session_id }: Pick<Brief, 'match_id' | 'session_id'>): MatchId =>
  match_id ?? `match_${session_id.slice('session_'.length)}`

export interface Served {
  server: string
  address: string
  reportToken: string
  ticketKey: string
  ticketOf(player: PlayerId): string
}

/** What a match server is told of the match that it is to prepare. */
export function prepareMatchOf(session: SessionId, brief: Brief, served: Served): PrepareMatch {
  const { mode, region, transport, factions, nicknames } = brief
  const match = { mode, region, transport, factions, nicknames, match_id: matchIdOf(brief), session_id: session }
  return {
    type: 'PrepareMatch',
    matchConfig: {
      ...matchConfigOf({ ...match, address: served.address, host: '', port: 0 }),
      serverId: served.server,
      reportToken: served.reportToken,
      ticketKey: served.ticketKey,
      loadingTimeoutS: brief.loading_timeout_s,
      durationMaxS: brief.duration_max_s,
    },
    clientCookies: playersOf(brief).map(({ player, faction, nickname }) => ({
      ticket: served.ticketOf(player),
      playerId: player,
      nickname,
      faction,
    })),
  }
}
