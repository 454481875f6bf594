import { type Migrations, statements } from '../../../platform/postgres.ts'

/**
 * `changed` is the transaction that last sent the entry to search. Ids are compared bytewise, which is quicker.
 *
 * Joining writes to two indexes, both at their right end: the key, and the small one of those that search, in which the
 * many entries of one transaction share one place. Hearing of a player touches no index. `returned_at` is when the entry
 * last came back from a match: whoever was not heard of since has been excused once.
 */
export const matchmakingMigrations: Migrations = {
  matchmaking_0001_entries: statements(
    `create table matchmaking_entries (
       id text collate "C" primary key, changed xid8 not null default pg_current_xact_id(),
       waiting_since bigint not null, created_at bigint not null, seen_at bigint not null,
       version integer not null default 1, front boolean not null default false,
       state text collate "C" not null default 'searching', players text[] not null, queues text[] not null,
       ratings double precision[] not null, reason text, match_id text, asks jsonb)
       with (fillfactor = 85)`,
    "create index matchmaking_entries_searching on matchmaking_entries (changed) where state = 'searching'",
  ),
  matchmaking_0002_matches: statements(
    `create table matchmaking_matches (
       id text collate "C" primary key, queue text not null, mode text not null, board text, region text,
       teams jsonb not null, state text collate "C" not null, reason text, session_id text unique,
       accepted text[] not null, leavers text[] not null, expires_at bigint, due_at bigint not null,
       told boolean not null default false, version integer not null default 1, created_at bigint not null,
       changed_at bigint not null)
       with (fillfactor = 80)`,
    `create index matchmaking_matches_due on matchmaking_matches (due_at) where state in ('offered', 'confirmed')`,
  ),
  matchmaking_0003_players: statements(
    `create table matchmaking_players (
       player text collate "C" primary key, entry_id text collate "C", changed_at bigint not null,
       strikes integer not null default 0, struck_at bigint not null default 0,
       paused_until bigint not null default 0)
       with (fillfactor = 80)`,
    `create table matchmaking_holds (
       mode text primary key, failures integer not null, until bigint not null, allowance integer not null)`,
  ),
  matchmaking_0004_returns: statements(
    'alter table matchmaking_entries add column returned_at bigint not null default 0',
  ),
  matchmaking_0005_hold_causes: statements(
    `alter table matchmaking_holds add column cause text not null default 'no_server',
       add column says text not null default ''`,
  ),
}
