import type { PlayerId, SessionId, SessionResult } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../platform/db.ts'

/** An accepted result. */
export interface EventRow {
  seq: number
  session_id: SessionId
  board: string | null
  at: number
  result: SessionResult
  /** Those of whom it is kept: whose account was gone by then is not among them. */
  kept: PlayerId[]
}

export interface StandingRow {
  board: string
  player: PlayerId
  points: number
  games: number
}

const tables = sqlOf<unknown>

/** What results keep of what the laws speak of, for who checks them. */
export const resultsAudit = {
  /** In the order of the fold. */
  async events(tx: Tx, after: string, max: number): Promise<EventRow[]> {
    const { rows } = await sql<EventRow>`
      select seq, session_id, board, at, result,
        array(select player from results_players where seq = event.seq) as kept
      from results_events event where seq > ${after === '' ? 0 : Number(after)} order by seq limit ${max}`.execute(
      tables(tx),
    )
    return rows
  },
  /** Those of the sessions that have a result. */
  async sessionsWithResult(tx: Tx, sessions: readonly string[]): Promise<SessionId[]> {
    const { rows } = await sql<{ session_id: SessionId }>`select session_id from results_events
      where session_id = any(${sessions}::text[])`.execute(tables(tx))
    return rows.map((row) => row.session_id)
  },
  async standings(tx: Tx, board: string, after: string, max: number): Promise<StandingRow[]> {
    const { rows } = await sql<StandingRow>`select board, player, points, games from results_standings
      where board = ${board} and player > ${after} order by player limit ${max}`.execute(tables(tx))
    return rows
  },
  /** By which rules each board's standings were folded. */
  async rules(tx: Tx): Promise<Map<string, string>> {
    const { rows } = await sql<{ board: string; rules: string }>`select board, rules from results_boards`.execute(
      tables(tx),
    )
    return new Map(rows.map(({ board, rules }) => [board, rules]))
  },
}
