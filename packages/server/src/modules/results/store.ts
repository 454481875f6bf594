import type { PlayerId, SessionId, SessionResult } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import { type Migrations, statements } from '../../platform/postgres.ts'
import type { ResultEvent } from './domain.ts'
import type { Change, Standing } from './fold.ts'

/** What is kept of results, as atomic verbs. */
export interface ResultsStore {
  /** Makes missing standings and locks all of them, in the order of their players, until the transaction ends. */
  lockStandings(tx: Tx, board: string, newcomers: Standing[]): Promise<Map<PlayerId, Standing>>
  writeStandings(tx: Tx, board: string, standings: Standing[]): Promise<void>
  /** Its place in the order of the fold. Call it after the standings are locked: so a player's results have one order. */
  addEvent(tx: Tx, event: Omit<ResultEvent, 'seq'>, players: PlayerId[]): Promise<number>
  addChanges(tx: Tx, seq: number, changes: Change[]): Promise<void>
  addStats(tx: Tx, stats: NonNullable<SessionResult['stats']>): Promise<void>
  eventOf(tx: Tx, session: SessionId): Promise<ResultEvent | null>
  listEvents(tx: Tx, query: EventQuery): Promise<ResultEvent[]>
  changesOf(tx: Tx, seqs: number[]): Promise<Map<number, Change[]>>

  standingsOf(tx: Tx, board: string, players: PlayerId[]): Promise<Map<PlayerId, Standing>>
  boardsOf(tx: Tx, player: PlayerId): Promise<{ board: string; standing: Standing }[]>
  statsOf(tx: Tx, player: PlayerId): Promise<Record<string, number>>
  /** From the best, or after a row; `descending: false` goes towards the best. */
  listStandings(tx: Tx, query: BoardQuery): Promise<Standing[]>
  /** All, or those with a better standing than `before`; with its player, those that are listed before it. */
  countStandings(
    tx: Tx,
    board: string,
    gamesMin: number,
    before?: { standing: number; player?: string },
  ): Promise<number>

  /** The rules a board was folded by; null for a new board. */
  rulesOf(tx: Tx, board: string): Promise<string | null>
  setRules(tx: Tx, board: string, rules: string): Promise<void>
  /** Takes the whole board for this transaction and empties its standings and changes. */
  clearBoard(tx: Tx, board: string): Promise<void>
  boardEvents(tx: Tx, board: string, afterSeq: number, limit: number): Promise<ResultEvent[]>
  erase(tx: Tx, player: PlayerId): Promise<void>
}

export interface EventQuery {
  player?: PlayerId
  session?: SessionId
  board?: string
  beforeSeq?: number
  limit: number
}

export interface BoardQuery {
  board: string
  gamesMin: number
  from?: { standing: number; player: string }
  descending: boolean
  limit: number
}

export const resultsMigrations: Migrations = {
  results_0001_tables: statements(
    `create table results_events (
       seq bigint generated always as identity primary key, session_id text not null unique, board text,
       mode text not null, at bigint not null, result jsonb not null)`,
    'create index results_events_board on results_events (board, seq)',
    `create table results_players (
       player text not null, seq bigint not null references results_events (seq),
       before double precision, after double precision, primary key (player, seq))`,
    'create index results_players_seq on results_players (seq)',
    `create table results_standings (
       board text not null, player text not null, rating jsonb not null, points double precision not null,
       standing double precision not null, games integer not null, won integer not null, drawn integer not null,
       lost integer not null, primary key (board, player)) with (fillfactor = 80)`,
    'create index results_standings_order on results_standings (board, standing desc, player)',
    'create index results_standings_player on results_standings (player)',
    `create table results_stats (
       player text not null, name text not null, total double precision not null, primary key (player, name))`,
    'create table results_boards (board text primary key, rules text not null)',
  ),
  results_0002_shown_standings: statements(
    'update results_standings set standing = round(standing::numeric, 2)::double precision',
  ),
}
