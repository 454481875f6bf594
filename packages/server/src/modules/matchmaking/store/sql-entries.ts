import type { EntryId, MatchId, PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { Asks, Entry, EntryState, Waiter } from '../domain.ts'
import type { EntryStore, News } from '../store.ts'

interface EntryRow {
  id: EntryId
  players: PlayerId[]
  queues: string[]
  ratings: number[]
  state: EntryState
  reason: string | null
  match_id: MatchId | null
  version: number
  waiting_since: number
  front: boolean
  created_at: number
  seen_at: number
  asks: Asks | null
}

const columns = sql.raw(
  'id, players, queues, ratings, state, reason, match_id, version, waiting_since, front, created_at, seen_at, asks',
)
const tables = (tx: Tx) => sqlOf<unknown>(tx)

const entryOf = (row: EntryRow): Entry => ({
  ...{ id: row.id, players: row.players, queues: row.queues, ratings: row.ratings, state: row.state },
  ...{ reason: row.reason, match: row.match_id, version: row.version, waitingSince: row.waiting_since },
  ...{ front: row.front, createdAt: row.created_at, seenAt: row.seen_at, asks: row.asks },
})

interface WaiterRow {
  id: EntryId
  size: number
  queues: string
  ratings: string
  version: number
  waiting_since: number
  front: boolean
  seen_at: number
}

const waiterColumns = sql.raw(
  `id, cardinality(players) as size, array_to_string(queues, ',') as queues, array_to_string(ratings, ',') as ratings,
   version, waiting_since, front, seen_at`,
)

/** A million of these are read when another process begins to match: lists come as text, and those of equal queues are
 *  one. */
function waitersIn(rows: readonly WaiterRow[]): Waiter[] {
  const lists = new Map<string, string[]>()
  return rows.map((row) => {
    let queues = lists.get(row.queues)
    if (queues === undefined) {
      queues = row.queues.split(',')
      lists.set(row.queues, queues)
    }
    return {
      id: row.id,
      size: row.size,
      queues,
      ratings: queues.length === 1 ? [Number(row.ratings)] : row.ratings.split(',').map(Number),
      version: row.version,
      waitingSince: row.waiting_since,
      front: row.front,
      seenAt: row.seen_at,
    }
  })
}

interface Changed {
  changed: string
}

/** The rows of one transaction are on one page. */
const nextAfter = (rows: readonly Changed[], max: number): string | null => {
  const last = rows.at(-1)
  return last === undefined || rows.length < max ? null : String(BigInt(last.changed) + 1n)
}

/** Lists inside a column of a batch. None of what they hold has a comma in it. */
const joined = (parts: readonly (string | number)[]) => parts.join(',')

export const sqlEntries: EntryStore = {
  async addEntries(tx, entries) {
    if (entries.length === 0) return []
    const { rows } = await sql<{ id: EntryId }>`
      insert into matchmaking_entries (id, players, queues, ratings, waiting_since, created_at, seen_at, asks)
      select id, string_to_array(players, ','), string_to_array(queues, ','), string_to_array(ratings, ',')::float8[],
        since, since, since, asks::jsonb
      from unnest(
        ${entries.map((one) => one.id)}::text[], ${entries.map((one) => joined(one.players))}::text[],
        ${entries.map((one) => joined(one.queues))}::text[], ${entries.map((one) => joined(one.ratings))}::text[],
        ${entries.map((one) => one.waitingSince)}::bigint[],
        ${entries.map((one) => (one.asks === null ? null : JSON.stringify(one.asks)))}::text[]
      ) as given (id, players, queues, ratings, since, asks)
      on conflict (id) do nothing
      returning id`.execute(tables(tx))
    return rows.map((row) => row.id)
  },

  async entriesOf(tx, ids) {
    if (ids.length === 0) return []
    const { rows } = await sql<EntryRow>`
      select ${columns} from matchmaking_entries where id = any(${ids}::text[])`.execute(tables(tx))
    return rows.map(entryOf)
  },

  async settled(tx) {
    const { rows } = await sql<{ settled: string }>`
      select pg_snapshot_xmin(pg_current_snapshot())::text as settled`.execute(tables(tx))
    return rows[0]?.settled ?? '0'
  },

  async searching(tx, from, max) {
    const { rows } = await sql<WaiterRow & Changed>`
      select ${waiterColumns}, changed::text as changed from matchmaking_entries
      where state = 'searching' and changed >= ${from ?? '0'}::text::xid8
      order by matchmaking_entries.changed fetch first ${max} rows with ties`.execute(tables(tx))
    return { items: waitersIn(rows), next: nextAfter(rows, max) }
  },

  async waitersOf(tx, ids) {
    if (ids.length === 0) return []
    const { rows } = await sql<WaiterRow>`
      select ${waiterColumns} from matchmaking_entries
      where id = any(${ids}::text[]) and state = 'searching'`.execute(tables(tx))
    return waitersIn(rows)
  },

  async news(tx, from, max) {
    // Numbers of the future are from another database, whose count was further when it was dumped and restored.
    const { rows } = await sql<News & Changed>`
      select id, version, changed::text as changed from matchmaking_entries
      where state = 'searching' and changed >= ${from}::text::xid8
        and changed < pg_snapshot_xmax(pg_current_snapshot())
      order by matchmaking_entries.changed fetch first ${max} rows with ties`.execute(tables(tx))
    return { items: rows, next: nextAfter(rows, max) }
  },

  async takeForMatches(tx, proposals, to) {
    const flat = proposals.flatMap(({ match, entries }) =>
      entries.map((entry) => ({ entry, match, of: entries.length })),
    )
    const { rows } = await sql<{ match: MatchId }>`
      with given as materialized (
        select * from unnest(
          ${flat.map((one) => one.entry)}::text[], ${flat.map((one) => one.match)}::text[],
          ${flat.map((one) => one.of)}::integer[]
        ) as given (entry, match, entries)
      ), held as materialized (
        select there.id, given.match, given.entries
        from matchmaking_entries there join given on there.id = given.entry
        where there.state = 'searching'
        order by there.id for update of there
      ), whole as materialized (
        select match from held group by match, entries having count(*) = entries
      ), taken as (
        update matchmaking_entries there
        set state = ${to}, match_id = held.match, reason = null, version = there.version + 1
        from held join whole on whole.match = held.match
        where there.id = held.id
      )
      select match from whole`.execute(tables(tx))
    return rows.map((row) => row.match)
  },

  async changeEntries(tx, changes, now, excusedTo) {
    if (changes.length === 0) return []
    const { rows } = await sql<{ id: EntryId }>`
      with given as materialized (
        select * from unnest(
          ${changes.map((one) => one.entry)}::text[], ${changes.map((one) => one.match)}::text[],
          ${changes.map((one) => one.from)}::text[], ${changes.map((one) => one.to)}::text[],
          ${changes.map((one) => one.reason)}::text[], ${changes.map((one) => one.heard ?? false)}::boolean[]
        ) as given (entry, match, was, now, reason, heard)
      ), held as materialized (
        select there.id, given.now, given.reason, given.heard
        from matchmaking_entries there
        join given on there.id = given.entry and there.match_id = given.match and there.state = given.was
        order by there.id for update of there
      )
      update matchmaking_entries there
      set state = held.now, reason = held.reason, version = there.version + 1,
        match_id = case when held.now = 'searching' then null else there.match_id end,
        front = there.front or held.now = 'searching',
        seen_at = case when held.now <> 'searching' then there.seen_at
          when held.heard then ${now}::bigint
          when there.seen_at >= there.returned_at then greatest(there.seen_at, ${excusedTo}::bigint)
          else there.seen_at end,
        returned_at = case when held.now = 'searching' then ${now}::bigint else there.returned_at end,
        changed = case when held.now = 'searching' then pg_current_xact_id() else there.changed end,
        asks = case when held.now = 'closed' then null else there.asks end
      from held where there.id = held.id
      returning there.id`.execute(tables(tx))
    return rows.map((row) => row.id)
  },

  async closeSearching(tx, ids, reason, unseenSince) {
    if (ids.length === 0) return []
    const { rows } = await sql<EntryRow>`
      with held as materialized (
        select id from matchmaking_entries
        where id = any(${ids}::text[]) and state = 'searching'
          and (${unseenSince ?? null}::bigint is null or seen_at <= ${unseenSince ?? null}::bigint)
        order by id for update
      ), closed as (
        update matchmaking_entries there
        set state = 'closed', reason = ${reason}, version = there.version + 1, asks = null
        from held where there.id = held.id
        returning there.*
      )
      select ${columns} from closed`.execute(tables(tx))
    return rows.map(entryOf)
  },

  async touch(tx, ids, now, unseenSince) {
    if (ids.length === 0) return
    // Whoever holds one of them right now changes it anyway.
    await sql`
      with held as materialized (
        select id from matchmaking_entries
        where id = any(${ids}::text[]) and state <> 'closed' and seen_at < ${unseenSince}
        for update skip locked
      )
      update matchmaking_entries there set seen_at = ${now} from held where there.id = held.id`.execute(tables(tx))
  },

  async countSearching(tx) {
    const { rows } = await sql<{ queue: string; players: number }>`
      select queue, sum(cardinality(players))::bigint as players
      from matchmaking_entries, unnest(queues) as queue
      where state = 'searching' group by queue`.execute(tables(tx))
    return new Map(rows.map(({ queue, players }) => [queue, players]))
  },

  async dropClosed(tx, before, max) {
    const { rows } = await sql`
      delete from matchmaking_entries where id in (
        select id from matchmaking_entries where id < ${before} and state = 'closed' order by id limit ${max}
        for update skip locked
      ) returning id`.execute(tables(tx))
    return rows.length
  },
}
