import type { MatchId, PlayerId, SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { Match, MatchState } from '../domain.ts'
import type { MatchStore } from '../store.ts'

interface MatchRow {
  id: MatchId
  queue: string
  mode: string
  board: string | null
  region: string | null
  teams: Match['teams']
  state: MatchState
  reason: string | null
  session_id: SessionId | null
  accepted: PlayerId[]
  leavers: PlayerId[]
  expires_at: number | null
  due_at: number
  told: boolean
  version: number
  created_at: number
  changed_at: number
}

const tables = (tx: Tx) => sqlOf<{ matchmaking_matches: MatchRow }>(tx)

/** A nick as jsonb prints it: a quotation mark inside of one has a backslash before it. */
const nickText = String.raw`"nick": "([^"\\]|\\.)*"`

const matchOf = (row: MatchRow): Match => ({
  ...{ id: row.id, queue: row.queue, mode: row.mode, board: row.board, region: row.region, teams: row.teams },
  ...{ state: row.state, reason: row.reason, session: row.session_id, accepted: row.accepted, leavers: row.leavers },
  ...{ expiresAt: row.expires_at, told: row.told, version: row.version, createdAt: row.created_at },
})

export const sqlMatches: MatchStore = {
  async addMatches(tx, matches) {
    if (matches.length === 0) return
    await tables(tx)
      .insertInto('matchmaking_matches')
      .columns([
        ...(['id', 'queue', 'mode', 'board', 'region', 'teams', 'state', 'session_id', 'accepted', 'leavers'] as const),
        ...(['expires_at', 'due_at', 'created_at', 'changed_at'] as const),
      ])
      .expression(
        sql`select id, queue, mode, board, region, teams::jsonb, state, session, string_to_array(accepted, ','), '{}'::text[],
              expires, due, created, created
            from unnest(
              ${matches.map((one) => one.id)}::text[], ${matches.map((one) => one.queue)}::text[],
              ${matches.map((one) => one.mode)}::text[], ${matches.map((one) => one.board)}::text[],
              ${matches.map((one) => one.region)}::text[], ${matches.map((one) => JSON.stringify(one.teams))}::text[],
              ${matches.map((one) => one.state)}::text[], ${matches.map((one) => one.session)}::text[],
              ${matches.map((one) => one.accepted.join(','))}::text[],
              ${matches.map((one) => one.expiresAt)}::bigint[], ${matches.map((one) => one.dueAt)}::bigint[],
              ${matches.map((one) => one.createdAt)}::bigint[]
            ) as given (id, queue, mode, board, region, teams, state, session, accepted, expires, due, created)`,
      )
      .execute()
  },

  async lockMatch(tx, id) {
    const row = await tables(tx)
      .selectFrom('matchmaking_matches')
      .selectAll()
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    return row === undefined ? null : matchOf(row)
  },

  async matchesOf(tx, ids) {
    if (ids.length === 0) return []
    const rows = await tables(tx)
      .selectFrom('matchmaking_matches')
      .selectAll()
      .where('id', '=', sql<MatchId>`any(${ids}::text[])`)
      .execute()
    return rows.map(matchOf)
  },

  async matchesOfSessions(tx, sessions) {
    if (sessions.length === 0) return []
    const rows = await tables(tx)
      .selectFrom('matchmaking_matches')
      .selectAll()
      .where('session_id', '=', sql<SessionId>`any(${sessions}::text[])`)
      .execute()
    return rows.map(matchOf)
  },

  async changeMatch(tx, id, change, now) {
    const { state, reason, session, accepted, leavers, told, dueAt } = change
    // Nobody reads the names of a match that is over, so an erasure need not look for them.
    const over = state !== undefined && state !== 'offered' && state !== 'confirmed'
    const nameless = sql<Match['teams']>`regexp_replace(teams::text, ${nickText}, '"nick": ""', 'g')::jsonb`
    await tables(tx)
      .updateTable('matchmaking_matches')
      .set({ state, reason, session_id: session, accepted, leavers, told, due_at: dueAt, changed_at: now })
      .set({ version: sql`version + 1`, ...(over ? { teams: nameless } : {}) })
      .where('id', '=', id)
      .execute()
  },

  async takeDue(tx, now, again, max) {
    const { rows } = await sql<MatchRow>`
      with held as materialized (
        select id from matchmaking_matches
        where state in ('offered', 'confirmed') and due_at <= ${now}
        order by due_at limit ${max} for update skip locked
      )
      update matchmaking_matches there set due_at = ${again} from held where there.id = held.id
      returning there.*`.execute(tables(tx))
    return rows.map(matchOf)
  },

  async postpone(tx, ids, dueAt) {
    if (ids.length === 0) return
    await sql`
      with held as materialized (
        select id from matchmaking_matches where id = any(${ids}::text[]) and state = 'confirmed'
        for update skip locked
      )
      update matchmaking_matches there set due_at = ${dueAt} from held where there.id = held.id`.execute(tables(tx))
  },

  async dropEnded(tx, before, max) {
    const { rows } = await sql`
      delete from matchmaking_matches where id in (
        select id from matchmaking_matches where id < ${before} and state not in ('offered', 'confirmed')
        order by id limit ${max} for update skip locked
      ) returning id`.execute(tables(tx))
    return rows.length
  },
}
