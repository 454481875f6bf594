import type { Match, PlayerId } from '@muster/protocol'
import { targetText } from '../../platform/outgoing/addresses.ts'
import type { KeptSession } from './store.ts'
import type { Rules } from './timing.ts'

/** The players by team, teams in the order of their numbers. */
export function factionsOf(session: Pick<KeptSession, 'seats'>): PlayerId[][] {
  const byTeam = new Map<number, PlayerId[]>()
  for (const { team, player } of session.seats) byTeam.set(team, [...(byTeam.get(team) ?? []), player])
  return [...byTeam].sort(([a], [b]) => a - b).map(([, players]) => players)
}

const nicknamesOf = ({ seats }: Pick<KeptSession, 'seats'>): Record<string, string> =>
  Object.fromEntries(seats.map(({ player, nick }) => [player, nick]))

/** What a server is told of the session that it is to run. */
export function briefOf(session: KeptSession, rules: Rules) {
  const timing = rules.timingOf(session.mode)
  return {
    match_id: session.match,
    session_id: session.id,
    kind: session.kind,
    mode: session.mode,
    region: session.region,
    transport: rules.transportOf(session.mode),
    factions: factionsOf(session),
    nicknames: nicknamesOf(session),
    ...(session.settings === null ? {} : { settings: session.settings }),
    ...(session.playersMax === null ? {} : { players_max: session.playersMax }),
    players_min: Math.min(timing.playersMin ?? session.seats.length, session.seats.length),
    loading_timeout_s: timing.loadingTimeoutMs / 1_000,
    duration_max_s: timing.durationMaxMs / 1_000,
  }
}

export type Brief = ReturnType<typeof briefOf>

/** What the players of a match are told; null while there is no server to send them to. */
export function matchOf(session: KeptSession, rules: Rules): Match | null {
  const { host, port, match } = session
  if (host === null || port === null || match === null) return null
  return {
    match_id: match,
    session_id: session.id,
    mode: session.mode,
    address: targetText({ host, port }),
    host,
    port,
    transport: rules.transportOf(session.mode),
    factions: factionsOf(session),
    nicknames: nicknamesOf(session),
    region: session.region,
  }
}
