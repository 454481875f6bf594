import { Authenticate, type ClientFrame, closeCodes, type PlayerId, Refusal } from '@muster/protocol'
import type { Static } from 'typebox'
import type { Clock } from '../../platform/clock.ts'
import type { PlayerCaller } from '../../platform/http/route.ts'
import { checkerOf } from '../../platform/http/validation.ts'
import type { Log } from '../../platform/log.ts'
import type { SocketEdge, SocketUser } from '../../platform/socket/edge.ts'
import { answerFrame, type FrameId } from '../../platform/socket/frames.ts'
import type { PresenceOptions } from './config.ts'
import { resumeFrom, type Standing } from './domain.ts'
import { offeredToken } from './offered-token.ts'
import type { Requests } from './requests.ts'
import { type Audience, newVisitor, type Visitor, type VisitorConnection } from './visitor.ts'

export type VerifiedPlayer = PlayerCaller & { expiresAtMs: number }

export interface GatewayNeeds {
  clock: Clock
  log: Log
  audience: Audience
  requests: Requests
  verifyAccess(token: string): Promise<VerifiedPlayer | null>
  isLive(login: PlayerCaller['login']): boolean
  standingOf(asked: { player: PlayerId; after: number | null }): Promise<Standing>
  /** The player may have pushes that this process has not delivered. */
  look(players: readonly PlayerId[]): void
  openEdge(user: SocketUser<Visitor>): SocketEdge<Visitor>
}

/** Who is let in at `/ws`, for how long, and in which order its requests are answered.
 *
 *    new ──token──► checking ──good──► in ──token ends, login ends, replaced──► closed
 *     └─3 s─► closed     └─bad─► closed 1008
 */
export interface Gateway {
  edge: SocketEdge<Visitor>
  /** Closes the sockets of that login, or of all logins of the player. */
  endLogin(player: PlayerId, login: PlayerCaller['login'] | null): void
}

const authenticateComplaints = checkerOf(Authenticate, 'data')

export function createGateway(needs: GatewayNeeds, options: PresenceOptions): Gateway {
  const { clock, log, audience, requests, verifyAccess, isLive } = needs
  const edge = needs.openEdge({ begin: newVisitor, opened, frame, looked, closed })

  const goodToken = async (token: string): Promise<VerifiedPlayer | null> => {
    const verified = await verifyAccess(token)
    return verified === null || verified.expiresAtMs <= clock.now() || !isLive(verified.login) ? null : verified
  }
  const vouch = (state: Visitor, { expiresAtMs, ...caller }: VerifiedPlayer) => {
    state.caller = caller
    state.expiresAtMs = expiresAtMs
    state.noticed = false
  }

  function opened(connection: VisitorConnection, request: Parameters<typeof offeredToken>[0]) {
    const offered = offeredToken(request)
    if (offered === null) return
    if (offered.from === 'address' && !options.tokenInAddress) {
      return edge.close(connection, closeCodes.policy, 'No tokens in addresses here', 'token_in_address')
    }
    void signIn(connection, offered.token, offered.resumeAfter, undefined)
  }

  async function signIn(connection: VisitorConnection, token: string, resumeAfter: number | null, id: FrameId) {
    const { state } = connection
    state.phase = 'checking'
    edge.admit(connection)
    try {
      const verified = await goodToken(token)
      if (!connection.open) return
      if (verified === null) return edge.close(connection, closeCodes.policy, 'Invalid token', 'invalid_token')
      const { player } = verified
      vouch(state, verified)
      audience.join(player, connection)
      for (const older of audience.of(player).slice(0, -options.connectionsPerPlayerMax)) {
        edge.close(older, closeCodes.replaced, 'Replaced by a newer connection', 'replaced')
      }
      const standing = await needs.standingOf({ player, after: resumeAfter })
      if (!connection.open) return
      welcome(connection, verified, standing, resumeAfter, id)
      await answerRequests(connection)
    } catch (error) {
      log.warn({ err: error }, 'a socket could not be let in')
      edge.close(connection, closeCodes.tryLater, 'Try again shortly', 'unavailable')
    }
  }

  function welcome(
    connection: VisitorConnection,
    { player, nick }: PlayerCaller,
    standing: Standing,
    resumeAfter: number | null,
    id: FrameId,
  ) {
    const { state } = connection
    const { cursor, missed } = resumeFrom(standing, resumeAfter)
    state.cursor = cursor
    state.phase = 'in'
    const data = { message: `Welcome, ${nick}.`, player_id: player, nick, seq: standing.last, missed }
    edge.send(connection, answerFrame('welcome', { ...data, heartbeat_s: options.heartbeatS }, id))
    if (cursor < standing.last || state.hinted) needs.look([player])
  }

  function frame(connection: VisitorConnection, asked: ClientFrame) {
    const { state } = connection
    if (state.phase === 'new') return firstFrame(connection, asked)
    if (asked.event === 'ping') return edge.send(connection, answerFrame('pong', {}, asked.id))
    if (!requests.knows(asked.event)) {
      return edge.complain(connection, 'INVALID_REQUEST', 'There is no such event.', asked.id)
    }
    state.requests ??= []
    if (state.requests.length >= options.requestsMax) {
      return edge.complain(connection, 'BUSY', 'Too many requests wait for their turn.', asked.id)
    }
    state.requests.push(asked)
    if (state.phase === 'in') void answerRequests(connection)
  }

  function firstFrame(connection: VisitorConnection, { event, data, id }: ClientFrame) {
    if (event !== 'authenticate' || authenticateComplaints(data).length > 0) {
      return edge.close(connection, closeCodes.policy, 'Send authenticate with a token first', 'no_token')
    }
    const { token, resume_after: resumeAfter } = data as Static<typeof Authenticate>
    void signIn(connection, token, resumeAfter ?? null, id)
  }

  /** One after the other, so that a later request never overtakes an earlier one. */
  async function answerRequests(connection: VisitorConnection) {
    const { state } = connection
    if (state.busy) return
    state.busy = true
    for (let next = state.requests?.shift(); next !== undefined; next = state.requests?.shift()) {
      if (!connection.open || state.caller === null) break
      const answer =
        state.expiresAtMs <= clock.now() && next.event !== 'authenticate'
          ? expiredAnswer(next.id)
          : await requests.answer(connection, state.caller, next)
      edge.send(connection, answer)
    }
    state.requests = null
    state.busy = false
  }

  requests.register('authenticate', Authenticate, async (caller, data, _, connection) => {
    const verified = await goodToken((data as Static<typeof Authenticate>).token)
    if (verified === null) throw new Refusal('UNAUTHENTICATED', { detail: 'The token is not valid, or no longer.' })
    if (verified.player !== caller.player) {
      throw new Refusal('FORBIDDEN', { detail: 'This socket is another player’s. Open one of your own.' })
    }
    vouch(connection.state, verified)
    return {}
  })

  function looked(connection: VisitorConnection, now: number) {
    const { state } = connection
    if (state.caller === null) return
    if (!isLive(state.caller.login)) return loggedOut(connection)
    const leftMs = state.expiresAtMs - now
    if (leftMs <= -options.expiryGraceS * 1_000) {
      return edge.close(connection, closeCodes.loggedOut, 'Token expired', 'expired')
    }
    if (leftMs > options.expiryNoticeS * 1_000 || state.noticed || state.phase !== 'in') return
    state.noticed = true
    const withinS = Math.max(0, Math.floor(leftMs / 1_000)) + options.expiryGraceS
    edge.send(connection, answerFrame('reauthenticate', { within_s: withinS }, undefined))
  }

  const loggedOut = (connection: VisitorConnection) =>
    edge.close(connection, closeCodes.loggedOut, 'Logged out', 'logged_out')

  function endLogin(player: PlayerId, login: PlayerCaller['login'] | null) {
    for (const connection of audience.of(player)) {
      if (login === null || connection.state.caller?.login === login) loggedOut(connection)
    }
  }

  function closed(connection: VisitorConnection) {
    const { caller } = connection.state
    if (caller !== null) audience.leave(caller.player, connection)
    connection.state.requests = null
  }

  return { edge, endLogin }
}

const expiredAnswer = (id: FrameId) =>
  answerFrame('error', { code: 'UNAUTHENTICATED', message: 'Your token has ended: send authenticate first.' }, id)
