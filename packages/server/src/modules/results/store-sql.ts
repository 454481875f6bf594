import type { PlayerId, SessionId, SessionResult } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf } from '../../platform/db.ts'
import type { ResultEvent } from './domain.ts'
import type { Change, Standing } from './fold.ts'
import type { Rating } from './ratings/index.ts'
import type { ResultsStore } from './store.ts'

interface StandingRow {
  board: string
  player: PlayerId
  rating: Rating
  points: number
  standing: number
  games: number
  won: number
  drawn: number
  lost: number
}

interface ResultsTables {
  results_events: {
    seq: number
    session_id: SessionId
    board: string | null
    mode: string
    at: number
    result: SessionResult
  }
  results_players: { player: PlayerId; seq: number; before: number | null; after: number | null }
  results_standings: StandingRow
  results_stats: { player: PlayerId; name: string; total: number }
  results_boards: { board: string; rules: string }
}

const tables = sqlOf<ResultsTables>

const standingOf = ({ board: _, games: __, ...standing }: StandingRow): Standing => standing

const eventOf = ({ session_id, ...event }: ResultsTables['results_events']): ResultEvent => ({
  ...event,
  session: session_id,
})

/** Rows as one JSON parameter: one statement and one plan, however many there are. */
const rowsOf = (board: string, standings: Standing[]) =>
  JSON.stringify(standings.map((standing) => ({ ...standing, board, games: standing.rating.games })))

const columns = sql`(board text, player text, rating jsonb, points double precision, standing double precision,
  games integer, won integer, drawn integer, lost integer)`

const byPlayer = (a: { player: string }, b: { player: string }) => (a.player < b.player ? -1 : 1)

export function sqlResultsStore(): ResultsStore {
  return {
    async lockStandings(tx, board, newcomers) {
      if (newcomers.length === 0) return new Map()
      const ordered = [...newcomers].sort(byPlayer)
      await sql`insert into results_standings
        select * from jsonb_to_recordset(${rowsOf(board, ordered)}::jsonb) as row ${columns}
        on conflict (board, player) do nothing`.execute(tables(tx))
      const rows = await tables(tx)
        .selectFrom('results_standings')
        .selectAll()
        .where('board', '=', board)
        .where(
          'player',
          'in',
          ordered.map(({ player }) => player),
        )
        .orderBy('player')
        .forUpdate()
        .execute()
      return new Map(rows.map((row) => [row.player, standingOf(row)]))
    },

    async writeStandings(tx, board, standings) {
      if (standings.length === 0) return
      await sql`insert into results_standings
        select * from jsonb_to_recordset(${rowsOf(board, [...standings].sort(byPlayer))}::jsonb) as row ${columns}
        on conflict (board, player) do update set rating = excluded.rating, points = excluded.points,
          standing = excluded.standing, games = excluded.games, won = excluded.won, drawn = excluded.drawn,
          lost = excluded.lost`.execute(tables(tx))
    },

    async addEvent(tx, { session, board, mode, at, result }, players) {
      const { rows } = await sql<{ seq: number }>`with event as (
          insert into results_events (session_id, board, mode, at, result)
          values (${session}, ${board}, ${mode}, ${at}, ${JSON.stringify(result)}::jsonb) returning seq),
        played as (insert into results_players (player, seq)
          select player, seq from event, unnest(${players}::text[]) as player)
        select seq from event`.execute(tables(tx))
      const [row] = rows
      if (row === undefined) throw new Error('The result was not stored.')
      return row.seq
    },

    async addChanges(tx, seq, changes) {
      if (changes.length === 0) return
      await sql`update results_players set before = change.before, after = change.after
        from jsonb_to_recordset(${JSON.stringify(changes)}::jsonb)
          as change (player text, before double precision, after double precision)
        where results_players.player = change.player and results_players.seq = ${seq}`.execute(tables(tx))
    },

    async addStats(tx, stats) {
      const rows = Object.entries(stats).flatMap(([player, counts]) =>
        Object.entries(counts).map(([name, total]) => ({ player, name, total })),
      )
      if (rows.length === 0) return
      await sql`insert into results_stats (player, name, total)
        select player, name, total from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as row (player text, name text, total double precision) order by player, name
        on conflict (player, name) do update set total = results_stats.total + excluded.total`.execute(tables(tx))
    },

    async eventOf(tx, session) {
      const row = await tables(tx)
        .selectFrom('results_events')
        .selectAll()
        .where('session_id', '=', session)
        .executeTakeFirst()
      return row === undefined ? null : eventOf(row)
    },

    async listEvents(tx, { player, session, board, beforeSeq, limit }) {
      let query = tables(tx).selectFrom('results_events').selectAll('results_events')
      if (player !== undefined) {
        query = query.where('seq', 'in', (where) => {
          let own = where.selectFrom('results_players').select('seq').where('player', '=', player)
          if (beforeSeq !== undefined) own = own.where('seq', '<', beforeSeq)
          // With another condition beside it, rows further back may be wanted, so only a plain list can be cut here.
          return session === undefined && board === undefined ? own.orderBy('seq', 'desc').limit(limit) : own
        })
      }
      if (session !== undefined) query = query.where('session_id', '=', session)
      if (board !== undefined) query = query.where('board', '=', board)
      if (beforeSeq !== undefined) query = query.where('seq', '<', beforeSeq)
      return (await query.orderBy('seq', 'desc').limit(limit).execute()).map(eventOf)
    },

    async changesOf(tx, seqs) {
      const found = new Map<number, Change[]>(seqs.map((seq) => [seq, []]))
      if (seqs.length === 0) return found
      const rows = await tables(tx)
        .selectFrom('results_players')
        .selectAll()
        .where('seq', 'in', seqs)
        .orderBy('player')
        .execute()
      for (const { seq, player, before, after } of rows) {
        if (before !== null && after !== null) found.get(seq)?.push({ player, before, after })
      }
      return found
    },

    async standingsOf(tx, board, players) {
      if (players.length === 0) return new Map()
      const { rows } = await sql<StandingRow>`select * from results_standings
        where board = ${board} and player = any(${players}::text[])`.execute(tables(tx))
      return new Map(rows.map((row) => [row.player, standingOf(row)]))
    },

    async boardsOf(tx, player) {
      const rows = await tables(tx)
        .selectFrom('results_standings')
        .selectAll()
        .where('player', '=', player)
        .orderBy('board')
        .execute()
      return rows.map((row) => ({ board: row.board, standing: standingOf(row) }))
    },

    async statsOf(tx, player) {
      const rows = await tables(tx).selectFrom('results_stats').selectAll().where('player', '=', player).execute()
      return Object.fromEntries(rows.map(({ name, total }) => [name, total]))
    },

    async listStandings(tx, { board, gamesMin, from, descending, limit }) {
      let query = tables(tx)
        .selectFrom('results_standings')
        .selectAll()
        .where('board', '=', board)
        .where('games', '>=', gamesMin)
      if (from !== undefined) {
        // Better ratings come first, and among equals the lower id: two directions, so no single row comparison serves.
        const [worse, later] = descending ? (['<', '>'] as const) : (['>', '<'] as const)
        query = query.where((where) =>
          where.or([
            where('standing', worse, from.standing),
            where.and([where('standing', '=', from.standing), where('player', later, from.player as PlayerId)]),
          ]),
        )
      }
      const rows = await query
        .orderBy('standing', descending ? 'desc' : 'asc')
        .orderBy('player', descending ? 'asc' : 'desc')
        .limit(limit)
        .execute()
      return rows.map(standingOf)
    },

    async countStandings(tx, board, gamesMin, before) {
      let query = tables(tx)
        .selectFrom('results_standings')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('board', '=', board)
        .where('games', '>=', gamesMin)
      if (before !== undefined) {
        const { standing, player } = before
        query = query.where((where) =>
          player === undefined
            ? where('standing', '>', standing)
            : where.or([
                where('standing', '>', standing),
                where.and([where('standing', '=', standing), where('player', '<', player as PlayerId)]),
              ]),
        )
      }
      return (await query.executeTakeFirstOrThrow()).count
    },

    async rulesOf(tx, board) {
      const row = await tables(tx)
        .selectFrom('results_boards')
        .select('rules')
        .where('board', '=', board)
        .forShare()
        .executeTakeFirst()
      return row?.rules ?? null
    },

    async setRules(tx, board, rules) {
      await tables(tx)
        .insertInto('results_boards')
        .values({ board, rules })
        .onConflict((conflict) => conflict.column('board').doUpdateSet({ rules }))
        .execute()
    },

    async clearBoard(tx, board) {
      await tables(tx).deleteFrom('results_standings').where('board', '=', board).execute()
      await sql`update results_players set before = null, after = null
        from results_events where results_events.seq = results_players.seq and results_events.board = ${board}`.execute(
        tables(tx),
      )
    },

    async boardEvents(tx, board, afterSeq, limit) {
      const rows = await tables(tx)
        .selectFrom('results_events')
        .selectAll()
        .where('board', '=', board)
        .where('seq', '>', afterSeq)
        .orderBy('seq')
        .limit(limit)
        .execute()
      return rows.map(eventOf)
    },

    async erase(tx, player) {
      await tables(tx).deleteFrom('results_standings').where('player', '=', player).execute()
      await tables(tx).deleteFrom('results_stats').where('player', '=', player).execute()
    },
  }
}
