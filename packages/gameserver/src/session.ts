import type { PlayerId, SessionId, SessionResult, SessionState } from '@muster/protocol'
import { type ApiOptions, call, MusterError } from './api.ts'
import { createPlayerReports } from './player-reports.ts'
import { type Admission, createTicketGate, type TicketGate } from './tickets.ts'
import { createMusterTime } from './time.ts'

/** What Muster says of the match that a session plays. More may stand in it. */
export interface MatchInfo {
  match_id?: string | null
  mode?: string
  factions?: PlayerId[][]
  nicknames?: Record<string, string>
  settings?: Record<string, unknown>
  players_min?: number
  loading_timeout_s?: number
  duration_max_s?: number
}

/** One play on this server: lets players in and reports what happens. Every report is repeated until Muster answers. */
export interface GameSession {
  readonly id: SessionId
  readonly mode: string | null
  readonly maxPlayers: number
  readonly match: MatchInfo
  /** Who was let in and has not left. */
  readonly players: readonly PlayerId[]
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
  /** There will be no result, and why. */
  abandoned(reason: string): Promise<void>
}

export interface SessionOptions extends ApiOptions {
  server: string
  session: SessionId
  ticketKey: string
  mode: string | null
  maxPlayers: number
  match: MatchInfo
  /** Lets players in; by tickets under the key unless told. */
  gate?: TicketGate
  /** Called when comings and goings could not be reported. */
  onReportRefused?: (error: unknown) => void
  /** Called when Muster has acknowledged the session's end, or has ended it itself; may come again. */
  onEnd?: () => void
}

/** A report outlives a restart of Muster; what was played should not be lost for impatience. */
const reportPatienceS = 600
const endedCodes = new Set(['SESSION_ENDED', 'SESSION_NOT_FOUND'])

export function createSession(options: SessionOptions): GameSession {
  const time = options.time ?? createMusterTime()
  const { ticketKey: key, server, session } = options
  const gate = options.gate ?? createTicketGate({ key, server, session, now: time.now })
  const api = { patienceS: reportPatienceS, ...options, time }
  const report = async (what: string, body: unknown) => {
    try {
      await call<{ state: SessionState }>(api, 'POST', `/sessions/${options.session}/${what}`, body)
    } catch (error) {
      // Muster has ended it meanwhile.
      if (error instanceof MusterError && endedCodes.has(error.code)) options.onEnd?.()
      throw error
    }
  }
  const present = new Set<PlayerId>()
  /** Whoever goes after the end is no news any more. */
  let isOver = false
  const attendance = createPlayerReports((news) => report('players', news), options.onReportRefused)

  return {
    id: options.session,
    mode: options.mode,
    maxPlayers: options.maxPlayers,
    match: options.match,
    get players() {
      return [...present]
    },
    admit(ticket) {
      const admission = gate.admit(ticket)
      if (admission.ok) {
        present.add(admission.admitted.player)
        attendance.came(admission.admitted.player)
      }
      return admission
    },
    left(player) {
      present.delete(player)
      if (!isOver) attendance.went(player)
    },
    ready: (port) => report('ready', port === undefined ? {} : { port }),
    async started(settings) {
      await attendance.told()
      await report('started', settings === undefined ? {} : { settings })
    },
    async result(result) {
      isOver = true
      await attendance.told()
      await report('result', result)
      options.onEnd?.()
    },
    async abandoned(reason) {
      isOver = true
      await report('abandoned', { reason })
      options.onEnd?.()
    },
  }
}
