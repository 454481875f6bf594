import type { Assignment, BodyOf, GoodBodyOf, Kick, SessionId, serverContracts } from '@muster/protocol'
import { call, MusterError } from './api.ts'
import { createSession, type GameSession, type MatchInfo } from './session.ts'

export interface RegisterOptions {
  url: string
  /** An API key with the scope `server`. */
  apiKey: string
  server: BodyOf<typeof serverContracts.registerServer>
  /** A session is this server's to run: prepare it, then call `session.ready()`. */
  onSession(session: GameSession): void | Promise<void>
  /** A session, or one of its players, is to go. */
  onKick?(kick: Kick): void
  /** No new sessions will come; leave when the last has ended. */
  onDrain?(): void
  /** What to say at each beat. */
  report?(): {
    current_players: number
    load: number
    sessions?: { session_id: SessionId; players: `player_${string}`[] }[]
  }
  onError?(error: unknown): void
}

export interface RegisteredServer {
  readonly id: string
  /** Says good-bye and stops beating. */
  leave(): Promise<void>
}

/** Registers a long-running server, keeps it alive by beating, and registers it again if Muster has forgotten it. */
export async function register(options: RegisterOptions): Promise<RegisteredServer> {
  const api = { url: options.url, token: options.apiKey }
  const path = `/servers/${encodeURIComponent(options.server.id)}`
  const enrol = () => call<GoodBodyOf<typeof serverContracts.registerServer>>(api, 'POST', '/servers', options.server)
  let enrolled = await enrol()
  const known = new Map<SessionId, string>()
  const ended = new AbortController()
  let draining = false

  function take(assignment: Assignment) {
    const { session_id: id, report_token: token } = assignment
    if (known.get(id) === token) return
    known.set(id, token)
    const session = createSession({
      url: options.url,
      token,
      server: options.server.id,
      session: id,
      ticketKey: enrolled.ticket_key,
      mode: assignment.mode,
      maxPlayers: assignment.max_players,
      match: assignment.match as MatchInfo,
      onReportRefused: options.onError,
    })
    Promise.resolve(options.onSession(session)).catch((error: unknown) => {
      options.onError?.(error)
      return session.abandoned('The server could not prepare the session.').catch(() => undefined)
    })
  }

  async function beat(): Promise<void> {
    const body = { ...(options.report?.() ?? { current_players: 0, load: 0 }), wait_s: enrolled.heartbeat_interval_s }
    const orders = await call<GoodBodyOf<typeof serverContracts.heartbeat>>(
      { ...api, patienceS: 10 },
      'POST',
      `${path}/heartbeat`,
      body,
      ended.signal,
    )
    orders.assign.forEach(take)
    for (const kick of orders.kick) {
      if (kick.player_id === undefined) known.delete(kick.session_id)
      options.onKick?.(kick)
    }
    if (orders.drain && !draining) options.onDrain?.()
    draining = orders.drain
  }

  async function beatOn() {
    while (!ended.signal.aborted) {
      try {
        const begun = performance.now()
        await beat()
        // An answer that came at once repeats what is known already; asking again at once would spin.
        const spentMs = performance.now() - begun
        if (spentMs < 250) await new Promise((resolve) => setTimeout(resolve, 250 - spentMs))
      } catch (error) {
        if (ended.signal.aborted) return
        if (error instanceof MusterError && error.code === 'SERVER_NOT_FOUND') {
          known.clear()
          enrolled = await enrol().catch((failure: unknown) => {
            options.onError?.(failure)
            return enrolled
          })
        } else {
          options.onError?.(error)
        }
        await new Promise((resolve) => setTimeout(resolve, 1_000))
      }
    }
  }
  const beating = beatOn()

  return {
    id: options.server.id,
    async leave() {
      ended.abort()
      await beating
      await call({ ...api, patienceS: 5 }, 'DELETE', path)
    },
  }
}
