import type { PlayerId, SessionId, SessionResult } from '@muster/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ModuleGround, moduleGround } from '../../../test/support/module-ground.ts'
import type { Caller } from '../../platform/http/route.ts'
import { readOptions } from '../../platform/options.ts'
import type { FinishedSession, FinishVerdict } from '../sessions/index.ts'
import { boardOptions } from './config.ts'
import { createResults, type Results, resultsMigrations } from './index.ts'

/** Sessions as this module sees them: locked while they end, ended once. A real one stands behind a real row. */
function sessionsOf(known: Map<SessionId, FinishedSession>) {
  const ended = new Set<SessionId>()
  return async (_: unknown, id: SessionId): Promise<FinishVerdict> => {
    const session = known.get(id)
    if (session === undefined) return { kind: 'unknown' }
    if (ended.has(id)) return { kind: 'already', state: 'completed', reason: null }
    ended.add(id)
    return { kind: 'finished', session }
  }
}

const late: string[] = []
const keepLate = async (_: unknown, session: SessionId, kind: string) => void late.push(`${session} ${kind}`)
const player = (name: string): PlayerId => `player_${name}`
const people = (players: PlayerId[]) =>
  Promise.resolve(new Map(players.map((id) => [id, { nick: id.slice(7), guest: false, createdAt: 0 }])))
const duel = (id: string, a: string, b: string): FinishedSession => ({
  ...{ id: `session_${id}`, kind: 'match', match: null, mode: 'duel', region: null, board: 'duel', server: 'server-1' },
  ...{ told: true, requestedAt: 0, startedAt: 1 },
  players: [a, b].map((name, team) => ({
    ...{ player: player(name), nick: name, guest: false, team, state: 'joined', joinedAt: 1, gaveUpAt: null },
    erased: false,
  })),
})
const won = (a: string, b: string, score = 3): SessionResult => ({
  teams: [
    { players: [player(a)], rank: 1, score },
    { players: [player(b)], rank: 2 },
  ],
  stats: { [player(a)]: { hits: score }, [player(b)]: { hits: 1 } },
})

describe('results', () => {
  let ground: ModuleGround
  let known: Map<SessionId, FinishedSession>
  const rules = (rating: object) => readOptions(boardOptions, { rating }, 'test')

  const build = (rating: object = { system: 'elo', k: 32 }): Results =>
    createResults(
      { ...ground, finish: sessionsOf(known), keepLate, peopleOf: people },
      { refoldBatchMax: 3, boards: { duel: rules(rating) } },
    )
  const report = (results: Results, id: string, body: unknown) =>
    serve(results, { kind: 'report', session: `session_${id}` }).then((app) =>
      app.inject({
        method: 'POST',
        url: `/sessions/session_${id}/result`,
        headers: { authorization: 'Bearer muster_rt_x', 'content-type': 'application/json' },
        payload: body as object | string,
      }),
    )
  const serve = (results: Results, caller: Caller) =>
    ground.serve(results.routes, { report: async () => caller, player: async () => caller })
  const read = async (results: Results, url: string, as = 'ann') => {
    const app = await serve(results, {
      ...{ kind: 'player', player: player(as), nick: as, guest: false, login: 'login_1', operator: false },
    })
    return app.inject({ method: 'GET', url, headers: { authorization: 'Bearer some.token' } })
  }

  beforeAll(async () => {
    ground = await moduleGround(resultsMigrations)
    known = new Map()
  })
  afterAll(() => ground[Symbol.asyncDispose]())

  it('accepts a result once, and moves history, ratings and stats together', async () => {
    const results = build()
    await results.start()
    known.set('session_1', duel('1', 'ann', 'bob'))
    const first = await report(results, '1', won('ann', 'bob'))
    expect([first.statusCode, first.json()]).toEqual([200, { state: 'completed' }])
    const again = await report(results, '1', won('ann', 'bob'))
    expect(again.statusCode).toBe(200)
    const other = await report(results, '1', won('bob', 'ann'))
    expect([other.statusCode, other.json().code]).toEqual([409, 'RESULT_CONFLICT'])
    expect(late).toEqual(['session_1 result'])

    const listed = (await read(results, '/results?player=player_ann')).json()
    expect(listed.results).toHaveLength(1)
    expect(listed.results[0].changes).toEqual([
      { player_id: 'player_ann', before: 1500, after: 1516 },
      { player_id: 'player_bob', before: 1500, after: 1484 },
    ])
    const profile = (await read(results, '/players/player_ann')).json()
    expect(profile.ratings).toEqual([{ board: 'duel', rating: 1516, games: 1, won: 1, drawn: 0, lost: 0 }])
    expect(profile.stats).toEqual({ hits: 3 })
  })

  it('[security 36] refuses what does not fit, and nothing has changed', async () => {
    const results = build()
    known.set('session_2', duel('2', 'cat', 'dan'))
    const wrong = await report(results, '2', won('cat', 'eve'))
    expect([wrong.statusCode, wrong.json().code]).toEqual([422, 'INVALID_RESULT'])
    expect((await read(results, '/results?session=session_2')).json().results).toEqual([])
    const shapeless = await report(results, '2', { teams: [{ players: ['ann'], rank: 0 }], more: 1 })
    expect([shapeless.statusCode, shapeless.json().code]).toEqual([400, 'INVALID_REQUEST'])
    expect(
      shapeless
        .json()
        .errors.map(({ field }: { field: string }) => field)
        .sort(),
    ).toEqual(['body.more', 'body.teams.0.players.0', 'body.teams.0.rank'])
    expect((await report(results, '404', won('ann', 'bob'))).json().code).toBe('SESSION_NOT_FOUND')
  })

  it.each([
    ['stats', '"stats":{"player_kim":{"k":1e400}}', 'body.stats.player_kim.k'],
    ['stats that add up beyond all numbers', '"stats":{"player_kim":{"k":1e308}}', 'body.stats.player_kim.k'],
    ['duration', '"duration_s":1e400', 'body.duration_s'],
    ['duration', '"duration_s":-1', 'body.duration_s'],
  ])('refuses numbers without measure by their place: %s', async (_, more, field) => {
    const results = build()
    known.set('session_num', duel('num', 'kim', 'lee'))
    const teams = '[{"players":["player_kim"],"rank":1},{"players":["player_lee"],"rank":2}]'
    const answer = await report(results, 'num', `{"teams":${teams},${more}}`)
    expect([answer.statusCode, answer.json().errors?.[0].field]).toEqual([400, field])
    const score = await report(results, 'num', `{"teams":${teams.replace('"rank":1', '"rank":1,"score":-1e400')}}`)
    expect([score.statusCode, score.json().errors?.[0].field]).toEqual([400, 'body.teams.0.score'])
    expect((await read(results, '/results?session=session_num')).json().results).toEqual([])
  })

  it('applies one of two hundred equal reports that come at once', async () => {
    known.set('session_3', duel('3', 'fay', 'gus'))
    // The session's row is what orders them in production; here it is a lock on this board's rules.
    const results = createResults(
      {
        ...ground,
        ...{ peopleOf: people, keepLate },
        finish: async (tx, id) => {
          const { sqlOf } = await import('../../platform/db.ts')
          await sqlOf<{ results_boards: { board: string } }>(tx)
            .selectFrom('results_boards')
            .select('board')
            .where('board', '=', 'duel')
            .forUpdate()
            .execute()
          const { rows } = await (await import('kysely'))
            .sql`select 1 from results_events where session_id = ${id}`.execute(sqlOf(tx))
          return rows.length > 0
            ? { kind: 'already', state: 'completed', reason: null }
            : { kind: 'finished', session: known.get(id) as FinishedSession }
        },
      },
      { refoldBatchMax: 3, boards: { duel: rules({ system: 'elo', k: 32 }) } },
    )
    const app = await serve(results, { kind: 'report', session: 'session_3' })
    const answers = await Promise.all(
      Array.from({ length: 200 }, () =>
        app.inject({
          method: 'POST',
          url: '/sessions/session_3/result',
          headers: { authorization: 'Bearer muster_rt_x' },
          payload: won('fay', 'gus'),
        }),
      ),
    )
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
    const ratings = await results.ratingsOf('duel', [player('fay'), player('gus')])
    expect([...ratings.values()].map(({ games }) => games)).toEqual([1, 1])
  })

  it('keeps one order for each player, though results come at once', async () => {
    const results = build({ system: 'glicko2' })
    await results.start()
    const names = ['h1', 'h2', 'h3', 'h4']
    const games = Array.from(
      { length: 24 },
      (_, at) => [names[at % 4], names[(at + 1 + (at % 3)) % 4]] as [string, string],
    )
    games.forEach(([a, b], at) => {
      known.set(`session_m${at}`, duel(`m${at}`, a, b))
    })
    await Promise.all(games.map(([a, b], at) => report(results, `m${at}`, won(a, b))))
    const live = await results.ratingsOf('duel', names.map(player))

    const refolded = build({ system: 'glicko2', tau: 0.50001 })
    await refolded.start()
    const back = build({ system: 'glicko2' })
    await back.start()
    const folded = await back.ratingsOf('duel', names.map(player))
    for (const [id, { points, games: count }] of live) {
      expect(folded.get(id)?.games).toBe(count)
      expect(folded.get(id)?.points).toBeCloseTo(points, 9)
    }
  })

  it('pages through a leaderboard and finds the rows around a player', async () => {
    const results = build({ system: 'elo', k: 32 })
    await results.start()
    const whole = (await read(results, '/leaderboards/duel?limit=100')).json()
    expect(whole.rows.length).toBe(whole.players)
    const paged: unknown[] = []
    let next: string | null = ''
    while (next !== null) {
      const page: { rows: unknown[]; next: string | null } = (
        await read(results, `/leaderboards/duel?limit=3${next === '' ? '' : `&after=${next}`}`)
      ).json()
      paged.push(...page.rows)
      next = page.next
    }
    expect(paged).toEqual(whole.rows)
    const ratings = whole.rows.map(({ rating }: { rating: number }) => rating)
    expect(ratings).toEqual([...ratings].sort((a, b) => b - a))
    whole.rows.forEach(({ rating, place }: { rating: number; place: number }) => {
      expect(place).toBe(1 + ratings.filter((one: number) => one > rating).length)
    })

    const around = (await read(results, '/leaderboards/duel?around=me&limit=3', 'bob')).json()
    const at = whole.rows.findIndex(({ player_id }: { player_id: string }) => player_id === 'player_bob')
    expect(around.rows).toContainEqual(whole.rows[at])
    expect(around.rows.length).toBe(3)
  })

  it('gives whoever is shown as equal one place, though their ratings differ further down', async () => {
    const results = createResults(
      { ...ground, finish: sessionsOf(known), keepLate, peopleOf: people },
      { refoldBatchMax: 3, boards: { close: rules({ system: 'elo', k: 0.008 }) } },
    )
    const games = [['ida', 'jon'] as const, ['kim', 'lee'] as const]
    for (const [a, b] of games) {
      known.set(`session_${a}`, { ...duel(a, a, b), board: 'close' })
      expect((await report(results, a, won(a, b))).statusCode).toBe(200)
    }
    const points = await results.ratingsOf('close', [player('ida'), player('jon')])
    expect(points.get(player('ida'))?.points).toBeGreaterThan(points.get(player('jon'))?.points ?? Number.NaN)
    const { rows } = (await read(results, '/leaderboards/close')).json()
    expect(rows.map(({ place, rating }: { place: number; rating: number }) => [place, rating])).toEqual(
      Array(4).fill([1, 1500]),
    )
  })

  it('tells ratings, deviations and strengths on one scale, whatever the system', async () => {
    const results = createResults(
      { ...ground, finish: sessionsOf(known), keepLate, peopleOf: people },
      { refoldBatchMax: 3, boards: { skill: rules({ system: 'openskill' }) } },
    )
    known.set('session_skill', { ...duel('skill', 'una', 'vic'), board: 'skill' })
    expect((await report(results, 'skill', won('una', 'vic'))).statusCode).toBe(200)
    const [row] = (await read(results, '/leaderboards/skill')).json().rows
    const { points } = (await results.ratingsOf('skill', [player('una')])).get(player('una')) ?? { points: 0 }
    expect(row.rating + 3 * row.deviation).toBeCloseTo(points, 1)
    const [shown] = (await read(results, '/players/player_una')).json().ratings
    expect(shown).toMatchObject({ board: 'skill', rating: row.rating, deviation: row.deviation })
  })

  it('refuses an unknown board, a wrong cursor, and `me` without a token', async () => {
    const results = build()
    expect((await read(results, '/leaderboards/none')).json().code).toBe('BOARD_NOT_FOUND')
    expect((await read(results, '/leaderboards/duel?after=x')).json().code).toBe('INVALID_REQUEST')
    expect((await read(results, '/results?after=x')).json().code).toBe('INVALID_REQUEST')
    expect((await read(results, '/leaderboards/duel?around=me', 'nobody')).json().code).toBe('PLAYER_NOT_FOUND')
    const app = await ground.serve(results.routes)
    const anonymous = await app.inject({ method: 'GET', url: '/leaderboards/duel?around=me' })
    expect([anonymous.statusCode, anonymous.json().code]).toEqual([401, 'UNAUTHENTICATED'])
  })

  it('forgets a player’s ratings and exports them before', async () => {
    const results = build()
    const exported = (await results.personal.exportOf(player('ann'))) as { results: unknown[] }
    expect(exported.results).toHaveLength(1)
    await ground.db.transact((tx) => results.personal.erase(tx, player('ann')))
    expect((await results.ratingsOf('duel', [player('ann')])).get(player('ann'))).toEqual({ points: 1500, games: 0 })
  })
})
