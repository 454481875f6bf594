import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { liveConfig, liveSystem } from '../../../test/support/live-system.ts'
import { migrations } from '../../compose.ts'
import { missingMigrations } from '../../platform/postgres.ts'
import { checkSystem } from './check.ts'
import { findingsJson, findingsText } from './shown.ts'

type System = Awaited<ReturnType<typeof liveSystem>>
let system: System
beforeEach(async () => {
  system = await liveSystem()
})
afterEach(() => system[Symbol.asyncDispose]())

const check = () => checkSystem(system.kysely, liveConfig)
const longAgo = (now: number) => now - 600_000

/** What somebody might have done to the tables, and what is to be said of it. */
const planted: [string, (now: number) => string, RegExp][] = [
  [
    'a player in two entries',
    () => `insert into matchmaking_entries (id, waiting_since, created_at, seen_at, players, queues, ratings)
      values ('entry_two', 1, 1, 1, '{player_ann}', '{duel}', '{1500}')`,
    /\[1\] player_ann waits in entry_ann and entry_two/,
  ],
  [
    'a player who searches, and is nowhere',
    () => `delete from presence_places where player = 'player_ann'`,
    /\[1\] player_ann is nowhere, and searching in entry_ann/,
  ],
  [
    'a player who plays, and is elsewhere',
    () => `update presence_places set kind = 'entry', place = 'entry_dan' where player = 'player_dan'`,
    /\[1\] player_dan sits in session_2, and is at entry entry_dan/,
  ],
  [
    "a player at another's entry",
    () => `insert into presence_places values ('player_jon', 'entry', 'entry_ann', 1)`,
    /\[1\] player_jon is at entry entry_ann, which is of others/,
  ],
  [
    'a player in a session without a seat',
    () => `insert into presence_places values ('player_jon', 'session', 'session_2', 1)`,
    /\[1\] player_jon is at session session_2 without a seat/,
  ],
  [
    'an entry closed without a reason',
    () => `update matchmaking_entries set reason = null where id = 'entry_hal'`,
    /\[2\] entry_hal was closed without a reason/,
  ],
  [
    'an entry that is gone from its match',
    () => `delete from matchmaking_entries where id = 'entry_bob'`,
    /\[2\] match_1 is offered, and its entry_bob is gone in none/,
  ],
  [
    'an entry matched in a match that fell through',
    () => `update matchmaking_matches set state = 'cancelled' where id = 'match_1'`,
    /\[2\] entry_bob is matched in match_1, which is cancelled/,
  ],
  [
    'an entry that searches while it is in a match',
    () => `update matchmaking_entries set state = 'searching' where id = 'entry_cid'`,
    /\[2\] entry_cid searches, and is in match_1/,
  ],
  [
    "a match with another's session",
    () => `update sessions_sessions set match = 'match_9' where id = 'session_2'`,
    /\[3\] match_2 is confirmed, and session_2 is not its own/,
  ],
  [
    'a session whose match was called off',
    () => `update matchmaking_matches set state = 'cancelled' where id = 'match_2'`,
    /\[3\] session_2 plays match_2, which is cancelled/,
  ],
  [
    'an offer told as if it were confirmed',
    () => `update matchmaking_matches set told = true where id = 'match_1'`,
    /\[3\] match_1 is only offered, and its players are told/,
  ],
  [
    'a session open for ever',
    (now) => `update sessions_sessions set deadline_at = ${longAgo(now)} where id = 'session_2'`,
    /\[4\] session_2 is in_progress still, after its time/,
  ],
  [
    'a session whose server was lost long ago',
    (now) => `update fleet_allocations set ended_at = ${longAgo(now)} where session = 'session_2'`,
    /\[4\] session_2 is open still, and its server arena has been lost/,
  ],
  [
    'a session that has a server and no claim',
    () => `delete from fleet_allocations where session = 'session_2'`,
    /\[4\] session_2 is on arena, and claims nothing of it/,
  ],
  [
    'a completed session without a result',
    () => `delete from results_players; delete from results_events where session_id = 'session_4'`,
    /\[5\] session_4 is completed, and has no result/,
  ],
  [
    'a result of a session that was called off',
    () => `update sessions_sessions set state = 'cancelled' where id = 'session_3'`,
    /\[5\] session_3 is cancelled, and has a result/,
  ],
  [
    'a rating that does not follow from the results',
    () => `update results_standings set points = points + 8 where player = 'player_fay'`,
    /\[5\] player_fay stands at 15\d+ after 1 games on duel; the results say 15\d+ after 1/,
  ],
  [
    'a standing that is gone',
    () => `delete from results_standings where player = 'player_gil'`,
    /\[5\] player_gil has results on duel, and no standing/,
  ],
  [
    'a ticket that is out without a slot',
    () => `update sessions_seats set slot = false where player = 'player_eve'`,
    /\[6\] a ticket of player_eve for session_2 is out, and no slot is held for it/,
  ],
  [
    'a server that has miscounted its slots',
    () => `update fleet_servers set reserved = 3`,
    /\[7\] arena counts 3 slots, and its sessions claim 2/,
  ],
  [
    'a server that has miscounted its sessions',
    () => `update fleet_servers set sessions = 2`,
    /\[7\] arena counts 2 sessions, of 1/,
  ],
  [
    'a server beyond its capacity',
    () => `alter table fleet_servers drop constraint fleet_servers_check; update fleet_servers set capacity = 1`,
    /\[7\] arena holds 2 slots, of 1/,
  ],
  [
    'a server offered with more than is free',
    () => `update fleet_offers set free = 8`,
    /\[7\] arena is offered with 8 free slots, of 6/,
  ],
  [
    'a claim for more slots than its seats hold',
    () => `update fleet_allocations set slots = 3 where session = 'session_2'`,
    /\[7\] session_2 claims 3 slots, and its seats hold 2/,
  ],
  [
    'a ban that ended no login',
    (now) => `update identity_players set banned_until = ${now + 60_000} where id = 'player_ann'`,
    /\[14\] player_ann is banned, and login_ann goes on/,
  ],
  [
    'a player kept by an entry that was closed',
    () => `update matchmaking_entries set state = 'closed', reason = 'left' where id = 'entry_ann'`,
    /\[16\] player_ann is at entry entry_ann, which is closed/,
  ],
  [
    'a player kept by a session that has ended',
    () => `insert into presence_places values ('player_fay', 'session', 'session_3', 1)`,
    /\[16\] player_fay is at session session_3, which is completed/,
  ],
  [
    'a player kept by a session that there is no more',
    () => `insert into presence_places values ('player_jon', 'session', 'session_0', 1)`,
    /\[16\] player_jon is at session session_0, which is gone/,
  ],
  [
    'slots held by a session that has ended',
    () => `update sessions_seats set slot = true where session = 'session_3'`,
    /\[16\] session_3 has ended, and its seats hold 2 slots/,
  ],
  [
    'a server claimed by a session that has ended',
    () => `update fleet_allocations set ended_at = null where session = 'session_3'`,
    /\[16\] session_3 is completed, and claims 2 slots of arena/,
  ],
  [
    'a claim on a server that is gone',
    () => `update fleet_servers set state = 'gone', reserved = 0, sessions = 0`,
    /\[16\] session_2 claims arena, which is gone/,
  ],
  [
    'a claim on an earlier run of its server',
    () => `update fleet_servers set instance = 'run_2'`,
    /\[16\] session_2 claims an earlier run of arena/,
  ],
  [
    'a server that fell silent long ago',
    (now) => `update fleet_beats set last_beat_at = ${longAgo(now)}`,
    /\[16\] arena is ready still, and has fallen silent/,
  ],
  [
    'an offer that ran out long ago',
    (now) => `update matchmaking_matches set expires_at = ${longAgo(now)} where id = 'match_1'`,
    /\[16\] match_1 is offered still, after its time/,
  ],
  [
    'a match that nobody let go after its session',
    (now) => `update sessions_sessions set ended_at = ${longAgo(now)} where id = 'session_3'`,
    /\[16\] match_3 is confirmed still, and its session_3 is completed/,
  ],
  [
    'a slot kept for who can come no more',
    (now) => `update sessions_seats set slot_ends_at = ${longAgo(now)} where player = 'player_dan'`,
    /\[16\] a slot of session_2 is held still for player_dan/,
  ],
]

describe('muster fsck', () => {
  it('finds nothing where everything fits together, in the middle of play', async () => {
    const findings = await check()
    expect(findings).toMatchObject({ violations: [], notes: [] })
    expect(findings.looked).toEqual({
      ...{ places: 5, entries: 7, matches: 3, sessions: 1, servers: 1, claims: 1, seats: 2 },
      ...{ results: 2, standings: 4 },
    })
    expect(findingsText(findings)).toMatch(/Looked at 5 places, 7 entries.*\nEvery law holds\.\n$/)
    expect(JSON.parse(findingsJson(findings))).toMatchObject({ ok: true, violations: [] })
  })

  it('says so where nothing is live, though much has ended', async () => {
    const { run } = system
    for (const table of ['presence_places', 'fleet_allocations', 'fleet_offers', 'fleet_beats', 'fleet_servers']) {
      await run(`delete from ${table}`)
    }
    await run(`delete from matchmaking_entries where state <> 'closed'`)
    await run(`delete from matchmaking_matches where state <> 'completed'`)
    await run(`delete from sessions_seats where session = 'session_2'`)
    await run(
      `update sessions_sessions set state = 'abandoned', ended_at = requested_at, deadline_at = null where id = 'session_2'`,
    )
    expect(findingsText(await check())).toContain(
      'Looked at 0 places, 0 entries, 0 matches, 0 sessions, 0 servers, 0 claims, 0 seats, 2 results, 4 standings.\n' +
        'Nothing is live. Of what has ended, only results and what still holds something are looked at.\nEvery law holds.\n',
    )
  })

  it.each(planted)('names %s', async (_, corruption, complaint) => {
    await system.run(corruption(system.now))
    const findings = await check()
    expect(findingsText(findings)).toMatch(complaint)
    expect(JSON.parse(findingsJson(findings))).toMatchObject({ ok: false })
  })

  it('judges no lateness where no node runs, and says so', async () => {
    const { now, run } = system
    await run(`update fleet_sweeps set swept_at = ${longAgo(now)}`)
    await run(`update sessions_sessions set deadline_at = ${longAgo(now) + 10_000} where id = 'session_2'`)
    const { violations, notes } = await check()
    expect(violations).toEqual([])
    expect(notes).toEqual([expect.stringMatching(/^No node runs; the last one did at/)])
  })

  it('does not judge standings by rules that they were not folded by', async () => {
    await system.run(`update results_boards set rules = '{"system":"glicko2"}'`)
    await system.run('update results_standings set points = 1')
    const { violations, notes } = await check()
    expect(violations).toEqual([])
    expect(notes).toEqual([expect.stringMatching(/board duel was folded by other rules/)])
  })

  it('takes an erased player for what the results leave of it', async () => {
    await system.run(`delete from results_standings where player = 'player_hal'`)
    await system.run(`insert into identity_erased values ('player_hal', 1)`)
    expect((await check()).violations).toEqual([])
  })

  it('knows tables of another version by the changes that were never made', async () => {
    const { kysely, run } = system
    expect(await missingMigrations(kysely, migrations)).toEqual([])
    await run(`delete from platform_migrations where name = 'results_0001_tables'`)
    expect(await missingMigrations(kysely, migrations)).toEqual(['results_0001_tables'])
    await run('drop table platform_migrations')
    expect(await missingMigrations(kysely, migrations)).toEqual(Object.keys(migrations))
  })

  it('changes nothing, and waits for nobody', async () => {
    const { kysely } = system
    const before = await sql`select xmin::text, * from matchmaking_entries order by id`.execute(kysely)
    await kysely.transaction().execute(async (tx) => {
      await sql`lock table matchmaking_entries, presence_places, sessions_sessions in exclusive mode`.execute(tx)
      await sql`update presence_places set since = since + 1`.execute(tx)
      expect((await check()).violations).toEqual([])
    })
    expect((await sql`select xmin::text, * from matchmaking_entries order by id`.execute(kysely)).rows).toEqual(
      before.rows,
    )
  })
})
