import type { MatchId, PlayerId, SessionId } from '@muster/protocol'
import Value from 'typebox/value'
import {
  createSessions,
  type OpenRequest,
  type SessionModeOptions,
  type SessionsOptions,
  sessionModeOptions,
  sessionsMigrations,
  sessionsOptions,
} from '../../src/modules/sessions/index.ts'
import type { Caller } from '../../src/platform/http/route.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { memoryFleet } from './memory-fleet.ts'
import { memoryPlaces } from './memory-places.ts'
import { moduleGround } from './module-ground.ts'
import { undoingDb } from './undoing-db.ts'

export interface SessionsGroundOptions {
  mode?: Partial<SessionModeOptions>
  options?: Partial<SessionsOptions>
  sources?: { registered: boolean; launched: boolean }
  processesMax?: number
}

export const ann: PlayerId = 'player_ann'
export const bob: PlayerId = 'player_bob'

const playerCaller = (player: PlayerId, operator: boolean): Caller => ({
  ...{ kind: 'player', player, nick: player, guest: false, login: 'login_1', operator },
})

/** Sessions on a real database, with a fleet and places that are kept in memory. */
export async function sessionsGround(given: SessionsGroundOptions = {}) {
  const ground = await moduleGround(sessionsMigrations)
  const { db, note } = undoingDb(ground.db)
  const fleet = memoryFleet(
    { note, wake: (sessions) => ground.wakes.wake('session', sessions) },
    { processesMax: given.processesMax ?? 0 },
  )
  const places = memoryPlaces({ note })
  const mode = { ...(Value.Default(sessionModeOptions, {}) as SessionModeOptions), ...given.mode }
  const options = {
    ...(Value.Default(sessionsOptions, {}) as SessionsOptions),
    outageGraceS: 0,
    ticketGatherMs: 0,
    ...given.options,
  }
  const sources = given.sources ?? { registered: true, launched: false }
  let matches = 0

  /** Another process on the same database. */
  const node = () =>
    createSessions(
      {
        ...{ clock: ground.clock, random: ground.random, mintId: ground.mintId, wakes: ground.wakes, log: ground.log },
        ...{ db, limits: ground.limits, fleet: fleet.fleet, places: places.places, sourcesOf: () => sources },
        metrics: createMetrics({ process: false }),
      },
      { ...options, modes: { duel: mode } },
    )
  const sessions = node()

  const callers: Record<string, Caller> = {
    service: { kind: 'key', key: 'key_1', scopes: ['service'] },
    operator: playerCaller('player_operator', true),
  }
  const app = await ground.serve(sessions.routes, {
    player: async (token) => callers[token] ?? playerCaller(token as PlayerId, false),
    key: async (token) => callers[token.slice('muster_sk_'.length)] ?? null,
    report: async (token) => ({ kind: 'report', session: token.slice('muster_rt_'.length) as SessionId }),
  })
  /** A call over HTTP. The token is a player's id, `operator`, `muster_sk_service`, or `muster_rt_` and a session's id. */
  async function call(method: 'GET' | 'POST', url: string, token: string | null, body?: unknown) {
    const answer = await app.inject({
      ...{ method, url },
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { payload: body as object }),
    })
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: answer.body === '' ? null : JSON.parse(answer.body),
    }
  }

  const requestOf = (players: PlayerId[], over: Partial<OpenRequest> = {}): OpenRequest => ({
    match: `match_${++matches}`,
    ...{ kind: 'match', mode: 'duel', region: null, board: 'duel' },
    players: players.map((player, team) => ({
      ...{ player, nick: player.slice('player_'.length), guest: false, team },
      origin: { kind: 'entry', id: `entry_${player}` },
    })),
    ...over,
  })

  return {
    ...ground,
    ...{ db, fleet, places, sessions, node, requestOf },
    /** Opens a session for players who come from their queue entries. */
    async open(players: PlayerId[] = [ann, bob], over: Partial<OpenRequest> = {}): Promise<SessionId> {
      const request = requestOf(players, over)
      for (const { player, origin } of request.players) if (origin !== null) places.put(player, origin)
      return db.transact((tx) => sessions.open(tx, request))
    },
    async view(id: SessionId) {
      const view = (await sessions.viewOf([id])).get(id)
      if (view === undefined) throw new Error(`${id} is not kept.`)
      return view
    },
    /** State and reason, and each seat's state. */
    async shown(id: SessionId): Promise<string> {
      const { state, reason, seats } = await this.view(id)
      return [state, ...(reason === null ? [] : [reason]), ...seats.map((seat) => seat.state)].join(' ')
    },
    matchId: (number: number): MatchId => `match_${number}`,
    call,
    /** What the server says of its session: `200 loading`, or `409 SESSION_ENDED`. */
    async report(id: SessionId, what: string, body?: unknown): Promise<string> {
      const answer = await call('POST', `/sessions/${id}/${what}`, `muster_rt_${id}`, body)
      return `${answer.status} ${answer.body.state ?? answer.body.code}`
    },
    /** Opens a session and leads it to loading, or on to play. */
    async loading(players: PlayerId[] = [ann, bob], over: Partial<OpenRequest> = {}): Promise<SessionId> {
      const id = await this.open(players, over)
      await sessions.sweep()
      await this.report(id, 'ready')
      return id
    },
    async playing(players: PlayerId[] = [ann, bob], over: Partial<OpenRequest> = {}): Promise<SessionId> {
      const id = await this.loading(players, over)
      await this.report(id, 'players', { joined: players })
      return id
    },
    finish: (id: SessionId) => db.transact((tx) => sessions.finish(tx, id)),
  }
}

export type SessionsGround = Awaited<ReturnType<typeof sessionsGround>>
