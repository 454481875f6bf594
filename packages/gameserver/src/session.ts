import type { PlayerId, SessionId, SessionResult, SessionState } from '@muster/protocol'
import { type ApiOptions, call } from './api.ts'
import { type Admission, createTicketGate } from './tickets.ts'

/** What Muster says of the match that a session plays. More may stand in it. */
export interface MatchInfo {
  match_id?: string
  mode?: string
  factions?: PlayerId[][]
  nicknames?: Record<string, string>
  settings?: Record<string, unknown>
}

interface Acknowledged {
  state: SessionState
}

/** One play on this server: lets players in and reports what happens. Every report is repeated until Muster answers. */
export interface GameSession {
  readonly id: SessionId
  readonly mode: string | null
  readonly maxPlayers: number
  readonly match: MatchInfo
  /** Checks a ticket, offline, and reports the player as joined. */
  admit(ticket: string): Admission
  /** Tell when a player's connection is gone. */
  left(player: PlayerId): void
  /** This server can take the players now; `port` where it chose one itself. */
  ready(port?: number): Promise<void>
  /** Play has begun; resolves when Muster has acknowledged it. */
  started(settings?: Record<string, unknown>): Promise<void>
  /** What happened. After it the session is over. */
  result(result: SessionResult): Promise<void>
  abandoned(reason: string): Promise<void>
}

export interface SessionOptions extends ApiOptions {
  server: string
  session: SessionId
  ticketKey: string
  mode: string | null
  maxPlayers: number
  match: MatchInfo
  /** Called when a report was refused for good. */
  onReportRefused?: (error: unknown) => void
}

export function createSession(options: SessionOptions): GameSession {
  const gate = createTicketGate({ key: options.ticketKey, server: options.server, session: options.session })
  const report = (what: string, body?: unknown) =>
    call<Acknowledged>(options, 'POST', `/sessions/${options.session}/${what}`, body).then(() => undefined)

  const joined = new Set<PlayerId>()
  const left = new Set<PlayerId>()
  let reporting: Promise<void> | null = null

  /** Comings and goings are gathered while an earlier report is under way. */
  function reportPlayers(): Promise<void> {
    reporting ??= Promise.resolve().then(async () => {
      while (joined.size + left.size > 0) {
        const news = { joined: [...joined], left: [...left] }
        joined.clear()
        left.clear()
        await report('players', news).catch((error: unknown) => options.onReportRefused?.(error))
      }
      reporting = null
    })
    return reporting
  }

  return {
    id: options.session,
    mode: options.mode,
    maxPlayers: options.maxPlayers,
    match: options.match,
    admit(ticket) {
      const admission = gate.admit(ticket)
      if (admission.ok) {
        left.delete(admission.admitted.player)
        joined.add(admission.admitted.player)
        void reportPlayers()
      }
      return admission
    },
    left(player) {
      joined.delete(player)
      left.add(player)
      void reportPlayers()
    },
    ready: (port) => report('ready', port === undefined ? {} : { port }),
    async started(settings) {
      await reportPlayers()
      await report('started', settings === undefined ? {} : { settings })
    },
    async result(result) {
      await reportPlayers()
      await report('result', result)
    },
    abandoned: (reason) => report('abandoned', { reason }),
  }
}
