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
  const options = { ...(Value.Default(sessionsOptions, {}) as SessionsOptions), outageGraceS: 0, ...given.options }
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
    finish: (id: SessionId) => db.transact((tx) => sessions.finish(tx, id)),
  }
}

export type SessionsGround = Awaited<ReturnType<typeof sessionsGround>>
