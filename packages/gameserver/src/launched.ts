import type { SessionId } from '@muster/protocol'
import { createSession, type GameSession, type MatchInfo } from './session.ts'

/** What a launched server is told by its environment. */
export interface Launch {
  session: GameSession
  server: string
  /** Where to listen. */
  host: string
  port: number
  publicAddress: string
}

const contract = '1'

/** The session that Muster launched this process for; null where it was started by hand. */
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
  const match = JSON.parse(environment.MUSTER_MATCH ?? '{}') as MatchInfo
  const server = need('SERVER_ID')
  const session = createSession({
    url: need('API_URL'),
    token: need('REPORT_TOKEN'),
    server,
    session: need('SESSION_ID') as SessionId,
    ticketKey: need('TICKET_KEY'),
    mode: match.mode ?? null,
    maxPlayers: Number(need('MAX_PLAYERS')),
    match,
  })
  const host = need('BIND_HOST')
  return { session, server, host, port: Number(need('PORT')), publicAddress: environment.MUSTER_PUBLIC_ADDRESS ?? host }
}
