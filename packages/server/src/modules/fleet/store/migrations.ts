import { type Migrations, statements } from '../../../platform/postgres.ts'
import { anyMode } from '../domain.ts'
import { freeSlots } from './free-slots.ts'

/** How many of the fullest servers are compared by load. */
const shortlistMax = 8

const stands = `s.state = 'ready' and s.capacity - s.reserved >= a_slots
      and (s.sessions_max is null or s.sessions < s.sessions_max)`
const offered = (where: string) => `${where} and o.free > 0 and o.free >= a_slots order by o.free, o.server`

/** Looks are repeated only where somebody else's reservation took what was waited for. */
const looksMax = 1_000

/** Undoes what was done since the block began, locks included. */
const nothing = `raise exception using errcode = 'P0002', message = 'nothing found'`

/**
 * Chooses and locks the best server among those that a condition names, fullest first: of the first few the one with the
 * least load; else the first that nobody is reserving on at this moment; else it waits for those who are. A server that
 * was locked and then found to have no room stays locked to the end of its block; whoever waits must hold none, or two
 * would wait for each other.
 */
const choose = (where: string) => `
  for look in 1 .. ${looksMax} loop
    begin
      select s.id into chosen from (
          select o.server, o.free, b.load from fleet_offers o join fleet_beats b on b.server = o.server
          where ${offered(where)} limit ${shortlistMax}) c
        join fleet_servers s on s.id = c.server
        where ${stands} order by c.free, c.load, c.server limit 1 for update of s skip locked;
      if chosen is null then
        select s.id into chosen from fleet_offers o join fleet_servers s on s.id = o.server and ${stands}
          where ${offered(where)} limit 1 for update of s skip locked;
      end if;
      if chosen is null then ${nothing}; end if;
    exception when no_data_found then null;
    end;
    exit when chosen is not null;
    select s.id into busy from fleet_offers o join fleet_servers s on s.id = o.server and ${stands}
      where ${offered(where)} limit 1;
    exit when busy is null;
    begin
      select s.id into chosen from fleet_servers s where s.id = busy and ${stands} for update;
      if chosen is null then ${nothing}; end if;
    exception when no_data_found then null;
    end;
    exit when chosen is not null;
  end loop;`

/** The wanted region before any other, and in it those made for the mode before those that take whatever comes. */
const choice = `
  if a_region is not null then
    ${choose('o.mode = a_mode and o.region = a_region')}
    if chosen is null then ${choose(`o.mode = '${anyMode}' and o.region = a_region`)} end if;
  end if;
  if chosen is null then ${choose('o.mode = a_mode')} end if;
  if chosen is null then ${choose(`o.mode = '${anyMode}'`)} end if;`

/** One round trip, planned once for each connection: the hot path of every match. Its plans must not hang on statistics,
 *  for a table may have been empty when a connection planned, so only the ways by index are left to choose from. */
const reserve = `
create or replace function fleet_reserve(
  a_session text, a_mode text, a_region text, a_slots integer, a_brief json, a_now bigint)
returns table (server text, instance text, host text, port integer, region text, fresh boolean)
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off
set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  known record;
  chosen text;
  busy text;
  taken record;
begin
  select a.server, a.instance, a.host, a.port, a.region, a.ended_at into known
    from fleet_allocations a where a.session = a_session;
  if found then
    if known.ended_at is null then
      return query select known.server, known.instance, known.host, known.port, known.region, false;
    end if;
    return;
  end if;
  ${choice}
  if chosen is null then return; end if;

  update fleet_servers s set reserved = s.reserved + a_slots, sessions = s.sessions + 1
    where s.id = chosen
    returning s.id, s.instance, s.address, s.game_port, s.region, ${freeSlots} as free into taken;
  update fleet_offers o set free = taken.free where o.server = chosen;
  insert into fleet_allocations as a (session, server, instance, mode, region, host, port, slots, brief, created_at)
    values (a_session, chosen, taken.instance, a_mode, taken.region, taken.address, taken.game_port, a_slots, a_brief,
      a_now)
    on conflict (session) do nothing;
  if found then
    return query select chosen, taken.instance, taken.address, taken.game_port, taken.region, true;
    return;
  end if;

  -- The session has had its allocation: it ended, or was made by another transaction just now.
  update fleet_servers s set reserved = s.reserved - a_slots, sessions = s.sessions - 1 where s.id = chosen
    returning ${freeSlots} as free into taken;
  update fleet_offers o set free = taken.free where o.server = chosen;
  select a.server, a.instance, a.host, a.port, a.region, a.ended_at into known
    from fleet_allocations a where a.session = a_session;
  if known.ended_at is null then
    return query select known.server, known.instance, known.host, known.port, known.region, false;
  end if;
end
$$`

/** As its counterpart: planned once for each connection. A session ends as often as it begins. */
const release = `
create or replace function fleet_release(a_session text, a_why text, a_now bigint)
returns table (server text, launched boolean, idle boolean)
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off
as $$
#variable_conflict use_column
declare
  ended record;
  freed record;
begin
  update fleet_allocations a set ended_at = a_now, detail = a_why, brief = 'null'
    where a.session = a_session and a.ended_at is null
    returning a.server, a.instance, a.slots into ended;
  if not found then return; end if;
  update fleet_servers s set
      reserved = s.reserved - ended.slots, sessions = s.sessions - 1,
      state = case when s.node is not null and s.sessions = 1 then 'draining' else s.state end
    where s.id = ended.server and s.instance = ended.instance and s.state <> 'gone'
    returning s.node is not null as launched, s.node is not null and s.sessions = 0 as idle, ${freeSlots} as free
    into freed;
  if not found then return; end if;
  update fleet_offers o set free = freed.free where o.server = ended.server;
  if not freed.launched then
    insert into fleet_kicks (server, session, reason, created_at) values (ended.server, a_session, a_why, a_now)
      on conflict do nothing;
  end if;
  return query select ended.server, freed.launched, freed.idle;
end
$$`

export const fleetMigrations: Migrations = {
  fleet_0001_directory: statements(
    `create table fleet_servers (
       id text primary key,
       instance text not null,
       key text,
       node text,
       name text not null,
       state text not null check (state in ('starting', 'ready', 'draining', 'gone')),
       address text not null,
       ports json not null,
       game_port integer not null,
       capacity integer not null check (capacity > 0),
       reserved integer not null default 0 check (reserved between 0 and capacity),
       sessions integer not null default 0 check (sessions >= 0),
       region text,
       modes text[] not null,
       maps integer[] not null,
       labels jsonb not null,
       registered_at bigint not null,
       gone_at bigint,
       gone_cause text,
       gone_detail text) with (fillfactor = 70)`,
    'create index fleet_servers_gone on fleet_servers (gone_at) where gone_at is not null',
    // A beat touches neither what reservations lock nor any index. A row here is what makes a server live.
    `create table fleet_beats (
       server text primary key,
       instance text not null,
       key text,
       last_beat_at bigint not null,
       current_players integer not null default 0,
       load double precision not null default 0) with (fillfactor = 50)`,
    // What each ready server offers, by mode, in the order that the allocator reads.
    `create table fleet_offers (
       server text not null,
       mode text not null,
       region text,
       free integer not null check (free >= 0),
       primary key (server, mode)) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)`,
    'create index fleet_offers_mode on fleet_offers (mode, free, server) where free > 0',
    'create index fleet_offers_region on fleet_offers (mode, region, free, server) where free > 0',
    `create table fleet_sweeps (
       name text primary key, swept_at bigint not null, resumed_at bigint not null)`,
  ),
  fleet_0002_allocations: statements(
    `create table fleet_allocations (
       session text primary key,
       server text not null,
       instance text not null,
       mode text not null,
       region text,
       host text not null,
       port integer not null,
       slots integer not null check (slots >= 0),
       brief json not null,
       created_at bigint not null,
       ready_at bigint,
       ended_at bigint,
       cause text,
       detail text)`,
    'create index fleet_allocations_live on fleet_allocations (server) where ended_at is null',
    // What beats look for: sessions that their server has not confirmed yet. It holds a handful of rows at any time.
    'create index fleet_allocations_unready on fleet_allocations (server) where ended_at is null and ready_at is null',
    'create index fleet_allocations_ended on fleet_allocations (ended_at) where ended_at is not null',
    `create table fleet_kicks (
       server text not null,
       session text not null,
       player text not null default '',
       reason text not null,
       created_at bigint not null,
       told_at bigint,
       primary key (server, session, player))`,
    'create index fleet_kicks_created on fleet_kicks (created_at)',
    reserve,
  ),
  fleet_0003_processes: statements(
    `create table fleet_nodes (
       name text primary key, last_port integer not null default 0, seen_at bigint not null)`,
    `create table fleet_processes (
       server text primary key,
       node text not null,
       launcher text not null,
       mode text not null,
       session text not null,
       port integer not null,
       pid integer,
       start_mark text,
       stop_grace_ms bigint not null,
       ready_timeout_ms bigint not null,
       created_at bigint not null,
       ended_at bigint,
       exit_code integer,
       exit_signal text,
       output json)`,
    // The law of ports: two processes of one machine never hold the same.
    'create unique index fleet_processes_port on fleet_processes (node, port) where ended_at is null',
    'create index fleet_processes_ended on fleet_processes (ended_at) where ended_at is not null',
  ),
  fleet_0004_sessions_max: statements('alter table fleet_servers add column sessions_max integer', reserve),
  // Where a launched server finds its Agones SDK, and what that knows of it.
  fleet_0005_sdk: statements('alter table fleet_processes add column sdk_port integer, add column sdk json'),
  fleet_0006_clusters: statements(
    `create table fleet_cluster_claims (
       session text primary key,
       server text not null unique,
       instance text not null,
       cluster text not null,
       mode text not null,
       region text,
       slots integer not null,
       brief json not null,
       state text not null check (state in ('asked', 'given', 'taken', 'over')),
       "full" boolean not null,
       name text,
       host text,
       port integer,
       try_at bigint not null,
       wanted_at bigint not null)`,
    "create index fleet_cluster_claims_due on fleet_cluster_claims (cluster, try_at) where state in ('asked', 'over')",
    "create index fleet_cluster_claims_taken on fleet_cluster_claims (cluster, session) where state = 'taken'",
    "create index fleet_cluster_claims_wanted on fleet_cluster_claims (wanted_at) where state in ('asked', 'given')",
  ),
  // How many may play on a launched server at once, as it is told.
  fleet_0007_players_max: statements('alter table fleet_processes add column players_max integer'),
  fleet_0008_release: statements(release, reserve),
}
