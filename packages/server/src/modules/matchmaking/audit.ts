import type { EntryId, MatchId, PlayerId, SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../platform/db.ts'
import type { EntryState, Match, MatchState } from './domain.ts'

/** An entry, as far as the laws speak of it. */
export interface EntryRow {
  id: EntryId
  players: PlayerId[]
  queues: string[]
  state: EntryState
  reason: string | null
  match_id: MatchId | null
  waiting_since: number
  seen_at: number
}

export interface MatchRow {
  id: MatchId
  queue: string
  state: MatchState
  teams: Match['teams']
  session_id: SessionId | null
  told: boolean
  expires_at: number | null
}

const entryColumns = sql.raw('id, players, queues, state, reason, match_id, waiting_since, seen_at')
const matchColumns = sql.raw('id, queue, state, teams, session_id, told, expires_at')
const tables = sqlOf<unknown>

/** What matchmaking keeps of what the laws speak of, for who checks them. */
export const matchmakingAudit = {
  /** Those that are open, and those that were closed without a word. */
  async entries(tx: Tx, after: string, max: number): Promise<EntryRow[]> {
    const { rows } = await sql<EntryRow>`select ${entryColumns} from matchmaking_entries
      where id > ${after} and (state <> 'closed' or reason is null) order by id limit ${max}`.execute(tables(tx))
    return rows
  },
  async entriesOf(tx: Tx, ids: readonly string[]): Promise<EntryRow[]> {
    const { rows } = await sql<EntryRow>`select ${entryColumns} from matchmaking_entries
      where id = any(${ids}::text[])`.execute(tables(tx))
    return rows
  },
  /** Those that have not ended. */
  async matches(tx: Tx, after: string, max: number): Promise<MatchRow[]> {
    const { rows } = await sql<MatchRow>`select ${matchColumns} from matchmaking_matches
      where id > ${after} and state in ('offered', 'confirmed') order by id limit ${max}`.execute(tables(tx))
    return rows
  },
  async matchesOf(tx: Tx, ids: readonly string[]): Promise<MatchRow[]> {
    const { rows } = await sql<MatchRow>`select ${matchColumns} from matchmaking_matches
      where id = any(${ids}::text[])`.execute(tables(tx))
    return rows
  },
}
