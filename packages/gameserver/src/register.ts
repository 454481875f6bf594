import type { Assignment, BodyOf, GoodBodyOf, Kick, PlayerId, SessionId, serverContracts } from '@muster/protocol'
import { call, MusterError } from './api.ts'
import { jittered, pause } from './pause.ts'
import { createSession, type GameSession, type MatchInfo } from './session.ts'
import { createMusterTime } from './time.ts'

/** What a server says of itself at each beat. */
export interface BeatReport {
  current_players: number
  load: number
  sessions?: { session_id: SessionId; players: PlayerId[] }[]
}

export interface RegisterOptions {
  url: string
  /** An API key with the scope `server`. */
  apiKey: string
  server: BodyOf<typeof serverContracts.registerServer>
  /** A session is this server's to run: prepare it, then call `session.ready()`. */
  onSession(session: GameSession): void | Promise<void>
  /** A session that runs here, or one of its players, is to go: disconnect them. A session that ended by the server's own
   *  word (`result`, `abandoned`) is not told again. */
  onKick?(kick: Kick): void
  /** No new sessions will come; leave when the last has ended. */
  onDrain?(): void
  /** What to say at each beat; counted from who was let in unless told. */
  report?(): BeatReport
  /** What went wrong in the background. The server goes on trying. */
  onError?(error: unknown): void
}

export interface RegisteredServer {
  readonly id: string
  /** The sessions that this server was handed and that have not ended. */
  readonly sessions: readonly GameSession[]
  /** Says good-bye and stops beating. Sessions that still run are abandoned. */
  leave(): Promise<void>
}

type Enrolled = GoodBodyOf<typeof serverContracts.registerServer>
type Orders = GoodBodyOf<typeof serverContracts.heartbeat>

/** Why a session ended that ended by what this server reported; the answer to that may come later than the order. */
const ownWords = new Set(['completed', 'reported'])

/** As long as Muster lets a beat wait for orders. */
const waitMaxS = 30
/** An answer that came at once repeats what is known already; asking again at once would spin. */
const beatSpacingMs = 250
const failurePauseMs = 1_000
const failurePauseMaxMs = 30_000

/** Registers a long-running server, keeps it alive by beating, and registers it again if Muster has forgotten it. */
export async function register(options: RegisterOptions): Promise<RegisteredServer> {
  const time = createMusterTime()
  const api = { url: options.url, token: options.apiKey, time }
  const path = `/servers/${encodeURIComponent(options.server.id)}`
  const enrol = () => call<Enrolled>(api, 'POST', '/servers', options.server)
  const complain = (error: unknown) => options.onError?.(error)

  let enrolled = await enrol()
  if (enrolled.unknown_modes !== undefined) {
    complain(
      new Error(`Muster is configured for no mode ${enrolled.unknown_modes.join(', ')}: no session of it comes.`),
    )
  }
  /** By session, under the report token it was handed with: another token means another handing. */
  const known = new Map<SessionId, { token: string; session: GameSession }>()
  const ended = new AbortController()
  let draining = false

  function take(assignment: Assignment) {
    const { session_id: id, report_token: token } = assignment
    if (known.get(id)?.token === token) return
    const session = createSession({
      url: options.url,
      time,
      token,
      server: options.server.id,
      session: id,
      ticketKey: enrolled.ticket_key,
      mode: assignment.mode,
      maxPlayers: assignment.max_players,
      match: assignment.match as MatchInfo,
      onReportRefused: complain,
      onEnd: () => forget(id, token),
    })
    known.set(id, { token, session })
    void prepare(session)
  }

  async function prepare(session: GameSession) {
    try {
      await options.onSession(session)
    } catch (error) {
      complain(error)
      await session.abandoned('The server could not prepare the session.').catch(complain)
    }
  }

  function forget(id: SessionId, token: string) {
    if (known.get(id)?.token === token) known.delete(id)
  }

  function reportOwn(): BeatReport {
    const sessions = [...known].map(([id, { session }]) => ({ session_id: id, players: [...session.players] }))
    const players = sessions.reduce((sum, session) => sum + session.players.length, 0)
    return { current_players: players, load: players / options.server.capacity, sessions }
  }

  async function beat(): Promise<void> {
    const body = {
      ...(options.report?.() ?? reportOwn()),
      // A kick is acted on at once, and the next beat shows that it was.
      wait_s: Math.min(enrolled.heartbeat_interval_s, waitMaxS),
    }
    const orders = await call<Orders>({ ...api, patienceS: 10 }, 'POST', `${path}/heartbeat`, body, ended.signal)
    for (const assignment of orders.assign) take(assignment)
    for (const kick of orders.kick) {
      const runs = known.has(kick.session_id)
      if (kick.player_id === undefined) known.delete(kick.session_id)
      if (runs && !ownWords.has(kick.reason)) options.onKick?.(kick)
    }
    if (orders.drain && !draining) options.onDrain?.()
    draining = orders.drain
  }

  /** Muster has forgotten this server, and whatever ran on it was ended. */
  async function enrolAgain() {
    for (const id of known.keys()) options.onKick?.({ session_id: id, reason: 'server_lost' })
    known.clear()
    enrolled = await enrol()
  }

  async function beatOn() {
    let failures = 0
    while (!ended.signal.aborted) {
      const begun = performance.now()
      try {
        await beat()
        failures = 0
        await pause(Math.max(0, beatSpacingMs - (performance.now() - begun)), ended.signal)
      } catch (error) {
        if (ended.signal.aborted) return
        try {
          if (error instanceof MusterError && error.code === 'SERVER_NOT_FOUND') await enrolAgain()
          else complain(error)
        } catch (failure) {
          complain(failure)
        }
        await pause(jittered(Math.min(failurePauseMs * 2 ** failures++, failurePauseMaxMs)), ended.signal)
      }
    }
  }
  const beating = beatOn()

  return {
    id: options.server.id,
    get sessions() {
      return [...known.values()].map(({ session }) => session)
    },
    async leave() {
      ended.abort()
      await beating
      await call({ ...api, patienceS: 5 }, 'DELETE', path).catch((error: unknown) => {
        if (!(error instanceof MusterError && error.code === 'SERVER_NOT_FOUND')) throw error
      })
    },
  }
}
