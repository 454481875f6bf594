import { sql } from 'kysely'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ann,
  bob,
  type SessionsGround,
  type SessionsGroundOptions,
  sessionsGround,
} from '../../../test/support/sessions-ground.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { sessionFigures } from './figures.ts'
import { sqlSessionStore } from './sql/store.ts'
import { createUpkeep } from './upkeep.ts'

const dayMs = 86_400_000

describe('what is kept of sessions', () => {
  let ground: SessionsGround
  const begin = async (options: SessionsGroundOptions = {}) => {
    ground = await sessionsGround(options)
    ground.fleet.add({ capacity: 10 })
    return ground
  }
  afterEach(() => ground[Symbol.asyncDispose]())

  /** Every row there is, as text; but for the ids of sessions, in which chance may spell a name. */
  const everything = async () => {
    const { rows } = await sql`
      select to_jsonb(s)::text as kept from sessions_sessions s
      union all select to_jsonb(s)::text from sessions_seats s
      union all select to_jsonb(s)::text from sessions_late_reports s`.execute(ground.kysely)
    return JSON.stringify(rows).replaceAll(/session_\w+/g, 'session')
  }
  const erase = () => ground.db.transact((tx) => ground.sessions.personal.erase(tx, ann))

  it('is shown to those who play and, with more, to operators and services; to nobody else', async () => {
    await begin()
    const id = await ground.playing()
    const read = (token: string | null) => ground.call('GET', `/sessions/${id}`, token)
    const shown = {
      ...{ id, kind: 'match', mode: 'duel', state: 'in_progress', reason: null, detail: null, match_id: 'match_1' },
      players: [
        { player_id: ann, nick: 'ann', team: 0, state: 'joined' },
        { player_id: bob, nick: 'bob', team: 1, state: 'joined' },
      ],
      ...{
        region: null,
        created_at: '2026-01-01T00:00:00.000Z',
        started_at: '2026-01-01T00:00:00.000Z',
        ended_at: null,
      },
    }
    expect(await read(ann)).toMatchObject({ status: 200, body: shown })
    expect((await read(ann)).body).toEqual(shown)
    const more = { ...shown, server_id: 'server-1', late_reports: [] }
    expect((await read('operator')).body).toEqual(more)
    expect((await read('muster_sk_service')).body).toEqual(more)
    expect(await read('player_eve')).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } })
    expect((await read(`muster_rt_${id}`)).status).toBe(403)
    expect((await read(null)).status).toBe(401)
    expect((await ground.call('GET', '/sessions/session_none', 'operator')).status).toBe(404)
    expect((await ground.call('GET', '/sessions/none', ann)).body.code).toBe('INVALID_REQUEST')
  })

  it('shows what the server began it with, to those who play and after its end too', async () => {
    await begin()
    const id = await ground.loading()
    const settings = { difficulty: 3, maps: ['pit', null] }
    const shown = async () => (await ground.call('GET', `/sessions/${id}`, ann)).body.settings
    expect(await shown()).toBeUndefined()
    await ground.report(id, 'started', { settings })
    expect(await shown()).toEqual(settings)
    await ground.report(id, 'abandoned', { reason: 'crash' })
    expect(await shown()).toEqual(settings)
  })

  it('is told to the player whom it is about', async () => {
    await begin()
    const id = await ground.playing()
    await ground.finish(id)
    expect(await ground.sessions.personal.exportOf(ann)).toEqual([
      {
        ...{ session_id: id, kind: 'match', mode: 'duel', state: 'completed' },
        created_at: '2026-01-01T00:00:00.000Z',
        started_at: '2026-01-01T00:00:00.000Z',
        ended_at: '2026-01-01T00:00:00.000Z',
        seat: {
          ...{ nick: 'ann', team: 0, role: 'player', state: 'joined' },
          ...{ joined_at: '2026-01-01T00:00:00.000Z', gave_up_at: null },
        },
      },
    ])
  })

  it('loses a player whose account is erased', async () => {
    await begin()
    const id = await ground.playing()
    await ground.report(id, 'abandoned', { reason: `${ann} cheated` })
    await ground.report(id, 'players', { left: [ann] })
    expect(await everything()).toContain('ann')
    await erase()
    expect(await everything()).not.toContain('ann')
    expect((await ground.view(id)).seats.map(({ player }) => player)).toEqual(['player_erased0', bob])
    expect(await ground.sessions.personal.exportOf(ann)).toEqual([])
  })

  it('keeps the id of an erased player while the session runs, for its server names it, and no longer', async () => {
    const { places } = await begin()
    const id = await ground.playing()
    await erase()
    await erase()
    expect(places.of(ann)).toBe('nowhere')
    expect(ground.fleet.kicks.map(({ player }) => player)).toContain(ann)
    expect(await ground.report(id, 'players', { left: [ann] })).toBe('200 in_progress')
    expect(await ground.finish(id)).toMatchObject({
      session: { players: [{ player: ann, erased: true }, { erased: false }] },
    })
    expect(await everything()).not.toContain('ann')
  })

  it('cancels the match of a player who erases the account while it loads', async () => {
    await begin()
    const id = await ground.loading()
    await erase()
    expect(await ground.shown(id)).toMatch(/^cancelled too_few_came/)
    expect(await everything()).not.toContain('ann')
    expect(ground.places.of(bob)).toBe(`entry entry_${bob}`)
  })

  it('is removed when it ended long ago', async () => {
    const { clock, db, log, fleet } = await begin()
    const old = await ground.playing([ann])
    await ground.finish(old)
    await clock.advance(89 * dayMs)
    const recent = await ground.playing([bob])
    await ground.finish(recent)
    const running = await ground.open(['player_cat'])
    const metrics = createMetrics({ process: false })
    const ended = { sweepBatchMax: 500, keptDays: 90 }
    const figures = sessionFigures(metrics)
    const upkeep = createUpkeep({ clock, db, log, store: sqlSessionStore(), fleet: fleet.fleet, figures }, ended)
    const kept = async () => [...(await ground.sessions.viewOf([old, recent, running])).keys()].sort()
    await upkeep.removeOld()
    expect(await kept()).toEqual([old, recent, running].sort())
    await clock.advance(dayMs + 1)
    await upkeep.removeOld()
    expect(await kept()).toEqual([recent, running].sort())

    await upkeep.count()
    const text = await metrics.registry.metrics()
    expect(text).toContain('muster_sessions_live{state="requested"} 1')
    expect(text).toContain('muster_sessions_live{state="in_progress"} 0')
  })

  it('is counted', async () => {
    await begin()
    const metrics = createMetrics({ process: false })
    const counted = sessionFigures(metrics)
    counted.opened({ kind: 'match', mode: 'duel' })
    counted.loading({ mode: 'duel', requestedAt: 1_000 }, 3_000)
    counted.ended({ mode: 'duel' }, 'cancelled', 'no_server')
    counted.ended({ mode: 'duel' }, 'completed', null)
    counted.ticketIssued()
    const text = await metrics.registry.metrics()
    expect(text).toContain('muster_sessions_opened_total{kind="match",mode="duel"} 1')
    expect(text).toContain('muster_sessions_server_wait_seconds_sum{mode="duel"} 2')
    expect(text).toContain('muster_sessions_ended_total{mode="duel",state="cancelled",cause="no_server"} 1')
    expect(text).toContain('muster_sessions_ended_total{mode="duel",state="completed",cause="none"} 1')
    expect(text).toContain('muster_sessions_tickets_issued_total 1')
  })
})
