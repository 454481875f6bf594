import type { EntryId, MatchId, PlayerId, ServerMessages, SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import Value from 'typebox/value'
import {
  createMatchmaking,
  type Matchmaking,
  type MatchmakingOptions,
  matchmakingMigrations,
  matchmakingOptions,
  type QueueOptions,
  queueOptions,
} from '../../src/modules/matchmaking/index.ts'
import type { MatchmakingNeeds } from '../../src/modules/matchmaking/needs.ts'
import { sqlMatchmakingStore } from '../../src/modules/matchmaking/store.ts'
import { createPlaces } from '../../src/modules/presence/places.ts'
import { createSendPushes, pushPurpose } from '../../src/modules/presence/pushes.ts'
import { presenceMigrations, sqlPresenceStore } from '../../src/modules/presence/store.ts'
import {
  createSessions,
  type SessionModeOptions,
  type SessionsOptions,
  sessionModeOptions,
  sessionsMigrations,
  sessionsOptions,
} from '../../src/modules/sessions/index.ts'
import type { Caller } from '../../src/platform/http/route.ts'
import { createLeases } from '../../src/platform/lease.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { createWakes } from '../../src/platform/wakes.ts'
import { memoryFleet } from './memory-fleet.ts'
import { moduleGround } from './module-ground.ts'
import { quietDb } from './quiet-db.ts'
import { undoingDb } from './undoing-db.ts'

export interface MatchmakingGroundOptions {
  queues?: Record<
    string,
    Partial<Omit<QueueOptions, 'window' | 'declinePause'>> & { window?: object; declinePause?: object }
  >
  options?: Partial<MatchmakingOptions>
  mode?: Partial<SessionModeOptions>
  servers?: number
  capacity?: number
}

type Answered = { status: number; body: Record<string, unknown>; headers: Record<string, unknown> }

const stepMs = 50

/** Matchmaking on a real database, with the real sessions and places, and a fleet that is kept in memory. */
export async function matchmakingGround(given: MatchmakingGroundOptions = {}) {
  const ground = await moduleGround({ ...presenceMigrations, ...sessionsMigrations, ...matchmakingMigrations })
  const { clock, random, log, soft, mintId, secrets, limits } = ground
  const undoing = undoingDb(ground.db)
  const { db, quiet } = quietDb(undoing.db)
  const leases = createLeases(db, clock)
  const store = sqlMatchmakingStore()
  const presence = sqlPresenceStore()
  const places = createPlaces(db, clock, presence)
  const ratings = new Map<PlayerId, number>()
  const wakes = ground.wakes
  const fleet = memoryFleet({ note: undoing.note, wake: (sessions) => wakes.wake('session', sessions) })
  for (let count = given.servers ?? 4; count > 0; count--) fleet.add({ capacity: given.capacity ?? 100 })

  const sessionDefaults = Value.Default(sessionsOptions, {}) as SessionsOptions
  const mode = { ...(Value.Default(sessionModeOptions, {}) as SessionModeOptions), ...given.mode }
  const sessions = createSessions(
    {
      ...{ clock, random, mintId, wakes, log, db, limits, fleet: fleet.fleet, places },
      metrics: createMetrics({ process: false }),
      sourcesOf: () => ({ registered: true, launched: false }),
    },
    { ...sessionDefaults, outageGraceS: 0, ticketGatherMs: 0, modes: { duel: mode, party: mode } },
  )
  sessions.start()

  const queues = Object.fromEntries(
    Object.entries(given.queues ?? { duel: {} }).map(([name, queue]) => {
      const filled = Value.Default(queueOptions, { mode: 'duel', ...queue }) as QueueOptions
      return [name, filled]
    }),
  )
  const options: MatchmakingOptions = {
    ...(Value.Default(matchmakingOptions, {}) as MatchmakingOptions),
    ...{ joinGatherMs: 0, whyWaitMs: 0, ...given.options },
  }
  const nodes: { name: string; matchmaking: Matchmaking; dispose(): Promise<void> }[] = []

  /** Another process on the same database and soft state. */
  async function node(name: string, over: Partial<MatchmakingNeeds> = {}) {
    const own = await createWakes({ clock, soft, log, node: name })
    const messages = new Map<string, (caller: Caller, data: unknown) => Promise<unknown>>()
    const metrics = createMetrics({ process: false })
    const matchmaking = createMatchmaking(
      {
        ...{ clock, random, mintId, db, soft, leases, wakes: own, log, metrics, node: name, places },
        push: createSendPushes({ clock, wakes: own, secrets, store: presence }, 1_000),
        onMessage: ((event: string, _: unknown, handle: (...given: unknown[]) => Promise<unknown>) =>
          void messages.set(event, handle)) as MatchmakingNeeds['onMessage'],
        ratingsOf: async (_, players) =>
          new Map(players.map((player) => [player, { points: ratings.get(player) ?? 1_500 }])),
        peopleOf: async (players) =>
          new Map(players.map((player) => [player, { nick: player.slice('player_'.length), guest: false }])),
        openSession: sessions.open,
        leaveSession: sessions.leave,
        sessionsView: sessions.viewOf,
        admissionOf: sessions.admissionOf,
        ...over,
      },
      { ...options, queues },
    )
    matchmaking.start()
    const player = async (token: string): Promise<Caller | null> => ({
      ...{ kind: 'player', player: `player_${token.replace(/^guest-/, '')}`, nick: token, operator: false },
      ...{ guest: token.startsWith('guest-'), login: 'login_1' },
    })
    const app = await ground.serve(matchmaking.routes, { player })
    const call = async (
      who: string | null,
      method: 'GET' | 'POST' | 'DELETE',
      url: string,
      payload?: object,
      headers: Record<string, string> = {},
    ): Promise<Answered> => {
      const authorization = who === null ? {} : { authorization: `Bearer ${who}` }
      const answer = await app.inject({
        method,
        url,
        headers: { ...authorization, ...headers },
        ...(payload && { payload }),
      })
      return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json(), headers: answer.headers }
    }
    const made = {
      ...{ name, matchmaking, messages, metrics, wakes: own, app, call },
      join: (who: string, ...names: string[]) =>
        call(who, 'POST', '/matchmaking/entries', { queues: names.length === 0 ? ['duel'] : names }),
      leave: (who: string) => call(who, 'DELETE', '/matchmaking/entries/me'),
      me: async (who: string, query = '') => (await call(who, 'GET', `/matchmaking/entries/me${query}`)).body,
      answer: (who: string, match: string, answer: 'accept' | 'decline') =>
        call(who, 'POST', `/matchmaking/matches/${match}/${answer}`),
      dispose: async () => {
        await matchmaking.stop()
        await app.close()
        await own[Symbol.asyncDispose]()
      },
    }
    nodes.push(made)
    return made
  }
  const first = await node('node-a')

  /** Moves the clock on, and lets all that falls due be done before it moves further. */
  async function pass(spanMs: number): Promise<void> {
    await quiet()
    for (let left = spanMs; left > 0; left -= stepMs) {
      await clock.advance(Math.min(stepMs, left))
      await quiet()
    }
  }
  const pushesOf = async (who: string) => {
    const player: PlayerId = `player_${who}`
    const kept = await db.once((tx) => presence.pushesAfter(tx, [{ player, after: 0 }], 1_000))
    return kept.map(({ event, data }) => ({
      event: event as keyof ServerMessages,
      data: JSON.parse(Buffer.from(secrets.open(pushPurpose, data)).toString()) as Record<string, unknown>,
    }))
  }
  const statusOf = async (who: string) => {
    const { status, reason } = await first.me(who)
    return [status, ...(reason === undefined ? [] : [reason])].join(' ')
  }

  return {
    ...ground,
    /** The database without waiting for it: what is begun on it may stay open. */
    unwatched: undoing.db,
    ...{ db, store, places, fleet, sessions, ratings, first, node, pass, quiet, pushesOf, statusOf, queues },
    /** Until it holds, moving the clock; fails after `withinMs`. */
    async until(holds: () => Promise<boolean> | boolean, withinMs = 10_000): Promise<void> {
      for (let spent = 0; spent <= withinMs; spent += stepMs) {
        await quiet()
        if (await holds()) return
        await pass(stepMs)
      }
      throw new Error(`It did not come to be within ${withinMs} ms.`)
    },
    statuses: async (...who: string[]) =>
      Object.fromEntries(await Promise.all(who.map(async (one) => [one, await statusOf(one)] as const))),
    /** The match that is offered to, or played by, a player. */
    async matchOf(who: string): Promise<MatchId> {
      const { entry_id } = await first.me(who)
      const [entry] = await db.once((tx) => store.entriesOf(tx, [entry_id as EntryId]))
      if (entry?.match == null) throw new Error(`${who} is in no match.`)
      return entry.match
    },
    async sessionOf(match: MatchId): Promise<SessionId> {
      const [found] = await db.once((tx) => store.matchesOf(tx, [match]))
      if (found?.session == null) throw new Error(`${match} has no session.`)
      return found.session
    },
    entry: async (id: EntryId) => (await db.once((tx) => store.entriesOf(tx, [id])))[0],
    placeOf: async (who: string) => {
      const place = (await places.of([`player_${who}`])).get(`player_${who}`)
      return place === undefined ? 'nowhere' : place.kind
    },
    count: async (table: string, where = 'true'): Promise<number> =>
      (
        await sql<{ n: number }>`select count(*) as n from ${sql.table(table)} where ${sql.raw(where)}`.execute(
          ground.kysely,
        )
      ).rows[0]?.n ?? 0,
    async [Symbol.asyncDispose]() {
      for (const one of nodes) await one.dispose()
      await sessions.stop()
      await ground[Symbol.asyncDispose]()
    },
  }
}

export type MatchmakingGround = Awaited<ReturnType<typeof matchmakingGround>>
