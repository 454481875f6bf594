import { createTicketGate } from '@muster/gameserver'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Person, peopledWorld, type World, worldConfig } from '../support/peopled-world.ts'
import { type RunningTestServer, runningServer } from '../support/running-server.ts'
import { atOnce, tally, until, waitingGuests } from './crowd.ts'

const ticketsPerMinute = 20
const crowd = { mode: 'left', teams: 100, teamSize: 1, acceptTimeoutS: 600, board: null }
const config = {
  ...worldConfig,
  modes: {
    ...worldConfig.modes,
    small: { server: { registered: true }, allocateWaitS: 3_600, readyTimeoutS: 3_600 },
  },
  queues: {
    ...worldConfig.queues,
    crowd,
    undecided: crowd,
    small: { mode: 'small', teams: 2, teamSize: 1, acceptTimeoutS: 0, board: null },
  },
  sessions: { ticketsPerMinute },
}

/** Through the whole server as it listens, on a real database: one effect each, and everybody else hears why not. */
describe('[security 34] of two hundred at once', () => {
  let server: RunningTestServer
  let world: World
  let call: World['call']
  let database: pg.Client

  beforeAll(async () => {
    server = await runningServer(config)
    if (server.firstOperator === null) throw new Error('A fresh database has a first operator to be told.')
    world = await peopledWorld(server.url, server.firstOperator)
    call = world.call
    database = new pg.Client(server.connection as pg.ClientConfig)
    await database.connect()
  })
  afterAll(async () => {
    await database.end()
    await server[Symbol.asyncDispose]()
  })

  const count = async (query: string, ...values: unknown[]) =>
    Number((await database.query(`select count(*) from ${query}`, values)).rows[0].count)
  const matchOf = async (one: Person | undefined) => {
    if (one === undefined) throw new Error('There is somebody in a crowd.')
    return ((await until(call, one, 'match_found')).offer as unknown as { match_id: string }).match_id
  }

  it('who register one name, one has it', async () => {
    const answers = await atOnce((at) =>
      call('POST /auth/register', {
        body: { username: at % 2 === 0 ? 'Wanted' : 'wanted', password: `phrase of ${at}…` },
      }),
    )
    expect(tally(answers)).toEqual({ 201: 1, '409 USERNAME_TAKEN': 199 })
    expect(await count("identity_accounts where username ilike 'wanted'")).toBe(1)
  })

  it('who refresh one token, all get the one successor', async () => {
    const { refresh_token } = world.left.seated[1]
    const answers = await atOnce(() => call('POST /auth/refresh', { body: { refresh_token } }))
    expect(tally(answers)).toEqual({ 200: 200 })
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
    const next = { refresh_token: answers[0]?.body.refresh_token }
    expect((await call('POST /auth/refresh', { body: next })).status).toBe(200)
    // From here on the old one is a stolen one.
    const stolen = await atOnce(() => call('POST /auth/refresh', { body: { refresh_token } }))
    // Who comes after the login has ended is a stranger.
    expect(stolen.map(({ status }) => status)).toEqual(Array(200).fill(401))
    expect(tally(stolen)['401 TOKEN_REUSED']).toBeGreaterThan(0)
    expect((await call('POST /auth/refresh', { body: next })).status).toBe(401)
  })

  it('who join two queues with one player, one waits', async () => {
    const { access_token: token } = await world.guest()
    const answers = await atOnce((at) =>
      call('POST /matchmaking/entries', { token, body: { queues: [at % 2 === 0 ? 'crowd' : 'undecided'] } }),
    )
    expect(tally(answers)).toEqual({ 201: 1, '409 ALREADY_SEARCHING': 199 })
    const { player_id: player } = { player_id: answers.find(({ status }) => status === 201)?.body.entry_id }
    expect(await count("matchmaking_entries where id = $1 and state = 'searching'", player)).toBe(1)
    const leaving = await atOnce(() => call('DELETE /matchmaking/entries/me', { token }))
    expect(tally(leaving)).toEqual({ 204: 1, '404 ENTRY_NOT_FOUND': 199 })
  })

  it('who accept one match, each of its hundred players twice, all are in one session', async () => {
    const players = await waitingGuests(call, 'crowd', 100)
    const match = await matchOf(players[0])
    const accept = (at: number) =>
      call(`POST /matchmaking/matches/${match}/accept`, { token: players[at % players.length]?.access_token })
    const answers = await atOnce(accept)
    expect(tally(answers)).toEqual({ 200: 200 })
    expect(await count("matchmaking_matches where id = $1 and state = 'confirmed'", match)).toBe(1)
    expect(await count('sessions_sessions where match = $1', match)).toBe(1)
    const ids = players.map(({ user_id }) => user_id)
    expect(await count('sessions_seats where player = any($1)', ids)).toBe(100)
    expect(await count("presence_places where player = any($1) and kind = 'session'", ids)).toBe(100)
  })

  it('who accept one match while one of them declines, it falls through once, and the others wait again', async () => {
    const players = await waitingGuests(call, 'undecided', 100)
    const match = await matchOf(players[0])
    const decliner = 50
    const answers = await atOnce((at) =>
      call(`POST /matchmaking/matches/${match}/${at % 100 === decliner ? 'decline' : 'accept'}`, {
        token: players[at % 100]?.access_token,
      }),
    )
    const told = tally(answers)
    expect(Object.keys(told).filter((one) => one !== '200' && one !== '409 MATCH_EXPIRED')).toEqual([])
    expect(told['200']).toBeGreaterThan(0)
    const ids = players.map(({ user_id }) => user_id)
    expect(await count('sessions_seats where player = any($1)', ids)).toBe(0)
    expect(await count("matchmaking_matches where id = $1 and state not in ('offered', 'confirmed')", match)).toBe(1)
    const others = players.filter((_, at) => at !== decliner)
    expect(
      await count(
        "matchmaking_entries where players && $1 and state = 'searching' and front",
        others.map(({ user_id }) => user_id),
      ),
    ).toBe(99)
    expect(await count('presence_places where player = $1', ids[decliner])).toBe(0)
    expect(await count("presence_places where player = any($1) and kind = 'entry'", ids)).toBe(99)
  })

  it('who spend one ticket, one is let in', async () => {
    const { ticket, ticketKey: key, server: id, session } = world.right
    const gate = createTicketGate({ key, server: id, session: session as `session_${string}` })
    const admissions = await atOnce(async () => gate.admit(ticket))
    expect(admissions.filter(({ ok }) => ok)).toHaveLength(1)
    expect(admissions.filter((one) => !one.ok && one.reason === 'spent')).toHaveLength(199)
  })

  it('who ask for a fresh ticket, so many as may get one of their own, and one slot is held', async () => {
    const { ticketKey: key, server: id, session, seated } = world.right
    const held = await count('fleet_servers where id = $1 and reserved = 2', id)
    const answers = await atOnce(() => call(`POST /sessions/${session}/ticket`, { token: seated[1].access_token }))
    expect(tally(answers)).toEqual({ 201: ticketsPerMinute, '429 RATE_LIMITED': 200 - ticketsPerMinute })
    expect(Number(answers.find(({ status }) => status === 429)?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect([held, await count('fleet_servers where id = $1 and reserved = 2', id)]).toEqual([1, 1])
    const gate = createTicketGate({ key, server: id, session: session as `session_${string}` })
    const tickets = answers.flatMap(({ body }) => (body.ticket === undefined ? [] : [String(body.ticket)]))
    const admitted = [...tickets, ...tickets].filter((ticket) => gate.admit(ticket).ok)
    expect([new Set(tickets).size, admitted.length]).toEqual([ticketsPerMinute, ticketsPerMinute])
  })

  it('who report one result, it counts once, and who reports another hears so', async () => {
    const { session, report: token, seated } = world.left
    const [ann, bob] = seated.map(({ user_id }) => user_id)
    const won = (winner: unknown, loser: unknown) => ({
      teams: [
        { players: [winner], rank: 1 },
        { players: [loser], rank: 2 },
      ],
    })
    const answers = await atOnce((at) =>
      call(`POST /sessions/${session}/result`, { token, body: at % 2 === 0 ? won(ann, bob) : won(bob, ann) }),
    )
    expect(tally(answers)).toEqual({ 200: 100, '409 RESULT_CONFLICT': 100 })
    expect(await count('results_events where session_id = $1', session)).toBe(1)
    const { rows } = (await call('GET /leaderboards/left')).body as unknown as {
      rows: { games: number; won: number }[]
    }
    expect(rows.map(({ games }) => games)).toEqual([1, 1])
    expect(rows.map(({ won: times }) => times).sort()).toEqual([0, 1])
    const again = await atOnce(() => call(`POST /sessions/${session}/abandoned`, { token, body: { reason: 'late' } }))
    expect(tally(again)).toEqual({ '409 SESSION_ENDED': 200 })
  })

  it('who want the last two slots of the only server, two have them, and nobody is lost', async () => {
    const body = { id: 'small', name: 's', address: '127.0.0.1', ports: { game: 1 }, capacity: 2, modes: ['small'] }
    expect((await call('POST /servers', { token: world.left.key.secret, body })).status).toBe(201)
    const players = await waitingGuests(call, 'small', 200)
    const ids = players.map(({ user_id }) => user_id)
    const sessions = "sessions_sessions where mode = 'small' and state = any($1)"
    await expect.poll(() => count(sessions, ['requested', 'preparing']), { timeout: 20_000 }).toBe(100)
    await expect.poll(() => count(sessions, ['preparing']), { timeout: 20_000 }).toBe(1)
    expect(await count(sessions, ['requested'])).toBe(99)
    expect(await count("fleet_servers where id = 'small' and reserved = 2")).toBe(1)
    expect(await count("fleet_allocations where server = 'small'")).toBe(1)
    expect(await count('presence_places where player = any($1)', ids)).toBe(200)
  })
})
