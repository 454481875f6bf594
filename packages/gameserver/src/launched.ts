import type { PlayerId, SessionId } from '@muster/protocol'
import { call } from './api.ts'
import { createSession, type GameSession, type MatchInfo } from './session.ts'

/** What a launched server is told by its environment. */
export interface Launch {
  session: GameSession
  server: string
  /** Where to listen. */
  host: string
  port: number
  publicAddress: string
  /** Tells of players who gave up, or whom their host removed: they are to be dropped. Asks Muster every two seconds. */
  onKick(listener: (player: PlayerId) => void): void
}

const contract = '1'
const kickLookMs = 2_000

/**
 * The session that Muster launched this process for; null where it was started by hand. Throws an Error that names the
 * variable where the environment is not what the launch contract promises.
 */
export function launched(environment: Record<string, string | undefined> = process.env): Launch | null {
  if (environment.MUSTER_CONTRACT === undefined) return null
  if (environment.MUSTER_CONTRACT !== contract) {
    throw new Error(`This server speaks launch contract ${contract}, not ${environment.MUSTER_CONTRACT}.`)
  }
  const need = (name: string): string => {
    const value = environment[`MUSTER_${name}`]
    if (value === undefined || value === '') throw new Error(`MUSTER_${name} is missing from the environment.`)
    return value
  }
  const whole = (name: string, max: number): number => {
    const value = need(name)
    if (/^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= max) return Number(value)
    throw new Error(`MUSTER_${name} must be a whole number from 1 to ${max}, but is ${value}.`)
  }
  const server = need('SERVER_ID')
  const ticketKey = need('TICKET_KEY')
  // The key itself is not shown: what is printed may be logged.
  if (!/^[0-9a-f]{64}$/i.test(ticketKey)) throw new Error('MUSTER_TICKET_KEY must have 64 hex digits.')
  const match = matchIn(need('MATCH'))
  const id = need('SESSION_ID') as SessionId
  const api = { url: need('API_URL'), token: need('REPORT_TOKEN') }
  let isOver = false
  const session = createSession({
    ...api,
    server,
    session: id,
    ticketKey,
    mode: match.mode ?? null,
    maxPlayers: whole('MAX_PLAYERS', 1_000_000),
    match,
    onEnd: () => {
      isOver = true
    },
    onReportRefused: (error) => console.error('Muster was not told who came and went:', error),
  })
  const host = need('BIND_HOST')
  const publicAddress = environment.MUSTER_PUBLIC_ADDRESS ?? host
  return {
    ...{ session, server, host, port: whole('PORT', 65_535), publicAddress },
    onKick(listener) {
      const look = async () => {
        if (session.players.length > 0) {
          const nobody = { joined: [], left: [] }
          const answer = await call<{ kick?: PlayerId[] }>(api, 'POST', `/sessions/${id}/players`, nobody).catch(
            () => null,
          )
          for (const player of answer?.kick ?? []) listener(player)
        }
        if (!isOver) setTimeout(look, kickLookMs).unref()
      }
      setTimeout(look, kickLookMs).unref()
    },
  }
}

function matchIn(text: string): MatchInfo {
  try {
    const match: unknown = JSON.parse(text)
    if (typeof match === 'object' && match !== null) return match
  } catch {
    // Said below, with the same words as for JSON that is no object.
  }
  throw new Error('MUSTER_MATCH is not a JSON object.')
}
