import type { PlayerId, SessionId, SessionResult } from '@muster/protocol'
import { sql } from 'kysely'
import { migrations } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { applyResult, newcomer } from '../../src/modules/results/fold.ts'
import { ratingSystem } from '../../src/modules/results/ratings/index.ts'
import { sqlResultsStore } from '../../src/modules/results/store-sql.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createDb } from '../../src/platform/db.ts'
import { silentLog } from '../../src/platform/log.ts'
import { migrate, openPostgres } from '../../src/platform/postgres.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { prepareTemplate, testDatabase } from '../test-database.ts'

export const liveConfig = readConfig(
  {
    modes: { duel: { server: { registered: true } } },
    boards: { duel: { rating: { system: 'elo' } } },
    queues: { duel: { mode: 'duel', board: 'duel' } },
  },
  'test',
  '/',
)

const teamsOf = (...entries: [string, PlayerId][]) =>
  JSON.stringify(entries.map(([entry, player]) => [{ entry, players: [{ player, nick: player, guest: false }] }]))

/**
 * A database as it is in the middle of play, with something of everything: ann searches, bob and cid are offered a match,
 * dan and eve play one on a server, fay and gil have just finished theirs and their entries are still to be closed, hal
 * and ida finished theirs long ago. A node has been looking until this moment.
 */
export async function liveSystem() {
  // Two hundred tables and indexes take a second to make, and no time to copy.
  await prepareTemplate('muster_tables', async (connection) => {
    const template = openPostgres({ connection, connectionsMax: 1, log: silentLog })
    await migrate(template, migrations)
    await template.destroy()
  })
  const database = await testDatabase({ template: 'muster_tables' })
  const kysely = openPostgres({ connection: database.connection, connectionsMax: 4, log: silentLog })
  const db = createDb(kysely, { clock: systemClock, random: seededRandom(1) })
  const run = (statement: string) => sql.raw(statement).execute(kysely)
  const { rows } = await sql<{ now: number }>`select floor(extract(epoch from now()) * 1000) as now`.execute(kysely)
  const now = rows[0]?.now ?? 0

  const entry = (id: string, player: string, state: string, match: string | null, reason: string | null = null) =>
    run(`insert into matchmaking_entries (id, waiting_since, created_at, seen_at, state, players, queues, ratings, reason, match_id)
      values ('${id}', ${now}, ${now}, ${now}, '${state}', '{${player}}', '{duel}', '{1500}',
        ${reason === null ? 'null' : `'${reason}'`}, ${match === null ? 'null' : `'${match}'`})`)
  const match = (id: string, state: string, session: string | null, teams: string) =>
    run(`insert into matchmaking_matches
      (id, queue, mode, board, teams, state, session_id, accepted, leavers, expires_at, due_at, told, created_at, changed_at)
      values ('${id}', 'duel', 'duel', 'duel', '${teams}', '${state}', ${session === null ? 'null' : `'${session}'`},
        '{}', '{}', ${now + 15_000}, ${now}, ${session !== null}, ${now}, ${now})`)
  const session = (id: string, played: string | null, state: string, endedAt: number | null) =>
    run(`insert into sessions_sessions (id, kind, mode, match, board, state, door, ticket_life_ms, deadline_at, server,
        instance, host, port, requested_at, ended_at)
      values ('${id}', 'match', 'duel', ${played === null ? 'null' : `'${played}'`}, 'duel', '${state}', 'closed', 60000,
        ${endedAt === null ? now + 60_000 : 'null'}, 'arena', 'run_1', '127.0.0.1', 7777, ${now}, ${endedAt})`)
  const seat = (of: string, player: string, slot: boolean) =>
    run(`insert into sessions_seats (session, player, position, nick, guest, team, role, state, slot, ticket_ends_at)
      values ('${of}', '${player}', 0, '${player}', false, 0, 'player', 'joined', ${slot}, ${slot ? now + 50_000 : null})`)
  const place = (player: string, kind: string, id: string) =>
    run(`insert into presence_places (player, kind, place, since) values ('${player}', '${kind}', '${id}', ${now})`)
  const claim = (of: string, slots: number, endedAt: number | null) =>
    run(`insert into fleet_allocations (session, server, instance, mode, host, port, slots, brief, created_at, ready_at, ended_at)
      values ('${of}', 'arena', 'run_1', 'duel', '127.0.0.1', 7777, ${slots}, '{}', ${now}, ${now}, ${endedAt})`)

  await run(`insert into fleet_sweeps (name, swept_at, resumed_at) values ('servers', ${now}, ${now - 3_600_000})`)
  await run(`insert into fleet_servers (id, instance, name, state, address, ports, game_port, capacity, reserved, sessions,
      modes, maps, labels, registered_at)
    values ('arena', 'run_1', 'Arena', 'ready', '127.0.0.1', '{}', 7777, 8, 2, 1, '{}', '{}', '{}', ${now})`)
  await run(`insert into fleet_beats (server, instance, last_beat_at) values ('arena', 'run_1', ${now})`)
  await run(`insert into fleet_offers (server, mode, free) values ('arena', '*', 6)`)

  await entry('entry_ann', 'player_ann', 'searching', null)
  await place('player_ann', 'entry', 'entry_ann')

  await match('match_1', 'offered', null, teamsOf(['entry_bob', 'player_bob'], ['entry_cid', 'player_cid']))
  for (const name of ['bob', 'cid']) {
    await entry(`entry_${name}`, `player_${name}`, 'matched', 'match_1')
    await place(`player_${name}`, 'entry', `entry_${name}`)
  }

  await match('match_2', 'confirmed', 'session_2', teamsOf(['entry_dan', 'player_dan'], ['entry_eve', 'player_eve']))
  await session('session_2', 'match_2', 'in_progress', null)
  await claim('session_2', 2, null)
  for (const name of ['dan', 'eve']) {
    await entry(`entry_${name}`, `player_${name}`, 'confirmed', 'match_2')
    await place(`player_${name}`, 'session', 'session_2')
    await seat('session_2', `player_${name}`, true)
  }

  await match('match_3', 'confirmed', 'session_3', teamsOf(['entry_fay', 'player_fay'], ['entry_gil', 'player_gil']))
  await session('session_3', 'match_3', 'completed', now - 100)
  await claim('session_3', 2, now - 100)
  for (const name of ['fay', 'gil']) {
    await entry(`entry_${name}`, `player_${name}`, 'confirmed', 'match_3')
    await seat('session_3', `player_${name}`, false)
  }

  await match('match_4', 'completed', 'session_4', teamsOf(['entry_hal', 'player_hal'], ['entry_ida', 'player_ida']))
  await session('session_4', 'match_4', 'completed', now - 600_000)
  for (const name of ['hal', 'ida']) await entry(`entry_${name}`, `player_${name}`, 'closed', 'match_4', 'completed')

  await run(`insert into identity_players (id, nick, guest, created_at) values ('player_ann', 'ann', false, ${now})`)
  await run(`insert into identity_logins (id, player, token_hash, refreshed_at, created_at, expires_at, ends_at)
    values ('login_ann', 'player_ann', '\\x00', ${now}, ${now}, ${now + 60_000}, ${now + 60_000})`)

  const store = sqlResultsStore()
  const rating = liveConfig.boards.duel?.rating as Parameters<typeof ratingSystem>[0]
  const system = ratingSystem(rating)
  const finish = (of: SessionId, winner: PlayerId, loser: PlayerId) =>
    db.transact(async (tx) => {
      const teams = [winner, loser].map((player, at) => ({ players: [player], rank: at + 1 }))
      const result: SessionResult = { teams }
      const before = await store.lockStandings(tx, 'duel', [newcomer(system, winner), newcomer(system, loser)])
      const seq = await store.addEvent(tx, { session: of, board: 'duel', mode: 'duel', at: now, result }, [
        winner,
        loser,
      ])
      const applied = applyResult(system, before, result, now)
      await store.writeStandings(tx, 'duel', applied.standings)
      await store.addChanges(tx, seq, applied.changes)
    })
  await db.once((tx) => store.setRules(tx, 'duel', JSON.stringify(rating)))
  await finish('session_4', 'player_hal', 'player_ida')
  await finish('session_3', 'player_fay', 'player_gil')

  return {
    ...{ kysely, now, run },
    async [Symbol.asyncDispose]() {
      await kysely.destroy()
      await database[Symbol.asyncDispose]()
    },
  }
}
