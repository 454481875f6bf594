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

interface Choosing {
  /** What is read of the chosen server, and into what. */
  into: string
  /** Whether it waits where nobody but others who are reserving stands in the way. */
  waits: boolean
}

/** Chooses and locks the best server among those that a condition names, fullest first: of the first few the one with the
 *  least load; else the first that nobody is reserving on at this moment. */
const chooseFree = (where: string, { into }: Pick<Choosing, 'into'>) => `
      select ${into} from (
          select o.server, o.free, b.load from fleet_offers o join fleet_beats b on b.server = o.server
          where ${offered(where)} limit ${shortlistMax}) c
        join fleet_servers s on s.id = c.server
        where ${stands} order by c.free, c.load, c.server limit 1 for update of s skip locked;
      if chosen is null then
        select ${into} from fleet_offers o join fleet_servers s on s.id = o.server and ${stands}
          where ${offered(where)} limit 1 for update of s skip locked;
      end if;`

/**
 * Where there is none that is free, it waits for those who are reserving. A server that was locked and then found to have
 * no room stays locked to the end of its block; whoever waits must hold none, or two would wait for each other.
 */
const chooseOrWait = (where: string, choosing: Choosing) => `
  for look in 1 .. ${looksMax} loop
    begin
      ${chooseFree(where, choosing)}
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
function choice(choosing: Choosing): string {
  const choose = (where: string) => (choosing.waits ? chooseOrWait(where, choosing) : chooseFree(where, choosing))
  return `
  if a_region is not null then
    ${choose('o.mode = a_mode and o.region = a_region')}
    if chosen is null then ${choose(`o.mode = '${anyMode}' and o.region = a_region`)} end if;
  end if;
  if chosen is null then ${choose('o.mode = a_mode')} end if;
  if chosen is null then ${choose(`o.mode = '${anyMode}'`)} end if;`
}

/** Planned once for each connection. Plans must not hang on statistics, for a table may have been empty when a connection
 *  planned, so only the ways by index are left to choose from. */
const plannedByIndex = `set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off
set enable_hashjoin = off set enable_mergejoin = off`

/** One round trip: the way of every match that comes alone. */
export const reserve = `
create or replace function fleet_reserve(
  a_session text, a_mode text, a_region text, a_slots integer, a_brief json, a_now bigint)
returns table (server text, instance text, host text, port integer, region text, fresh boolean)
language plpgsql
${plannedByIndex}
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
  ${choice({ into: 's.id into chosen', waits: true })}
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

/** How many sessions of a group a server `s` takes, for so many that are still without one. */
const takes = 'least(wanted - given, (s.capacity - s.reserved) / a_slots, s.sessions_max - s.sessions)'

/**
 * For several sessions alike, in their order, as many as find room without waiting. Whoever has given one of them a server
 * holds that server, so it must not wait for another. A server that was chosen takes as many as fit: it would be chosen
 * for the next one, too, being fuller than before.
 */
export const reserveTogether = `
create or replace function fleet_reserve_together(
  a_sessions text[], a_mode text, a_region text, a_slots integer, a_briefs text[], a_now bigint)
returns table (session text, server text, instance text, host text, port integer, region text)
language plpgsql
${plannedByIndex}
as $$
#variable_conflict use_column
declare
  wanted integer := cardinality(a_sessions);
  given integer := 0;
  chosen text;
  fitting integer;
  taken record;
begin
  while given < wanted loop
    chosen := null;
    ${choice({ into: `s.id, ${takes} into chosen, fitting`, waits: false })}
    exit when chosen is null;
    update fleet_servers s set reserved = s.reserved + fitting * a_slots, sessions = s.sessions + fitting
      where s.id = chosen
      returning s.instance, s.address, s.game_port, s.region, ${freeSlots} as free into taken;
    update fleet_offers o set free = taken.free where o.server = chosen;
    return query
      insert into fleet_allocations as a (session, server, instance, mode, region, host, port, slots, brief, created_at)
      select one.session, chosen, taken.instance, a_mode, taken.region, taken.address, taken.game_port, a_slots,
        one.brief::json, a_now
      from unnest(a_sessions[given + 1 : given + fitting], a_briefs[given + 1 : given + fitting]) as one (session, brief)
      returning a.session, a.server, a.instance, a.host, a.port, a.region;
    given := given + fitting;
  end loop;
end
$$`

/** As its counterpart: planned once for each connection. A session ends as often as it begins. */
export const release = `
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
