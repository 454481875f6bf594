import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { optionsOf } from '../options.ts'
import { cpuSecondsOf } from '../processes.ts'
import { printTable, type Row, writeResults } from '../report.ts'
import { type Ground, openGround } from './ground.ts'

/**
 * How many players a second can join a queue, durably, while so many already wait: through the module, with the one
 * place of each player claimed, and everything committed to disk before it is acknowledged. Beside it the same machine's
 * bare insert of as many rows into a table with nothing but a key, in batches.
 */
const options = optionsOf({ short: { type: 'boolean', default: false } })
const joins = options.short ? 30_000 : 100_000
const atOnce = 2_000
const goalPerSecond = 20_000
const waitingBefore = options.short ? [0, 100_000] : [0, 100_000, 1_000_000]
const loadedWithinMs = 120_000

/** Entries that wait already, as they would be after joining in batches. */
async function fill({ kysely }: Ground, count: number): Promise<void> {
  const step = 50_000
  for (let at = 0; at < count; at += step) {
    const [from, to] = [sql.lit(at), sql.lit(Math.min(count, at + step) - 1)]
    await sql`
      insert into matchmaking_entries (id, changed, players, queues, ratings, waiting_since, created_at, seen_at)
      select 'entry_0' || lpad(i::text, 25, '0'), (3 + i / 500 % 600)::text::xid8, array['player_' || md5(i::text)],
        array['duel'], array[i::float8], now.ms, now.ms, now.ms
      from generate_series(${from}, ${to}) i, (select (extract(epoch from now()) * 1000)::bigint as ms) now`.execute(
      kysely,
    )
    await sql`
      insert into presence_places (player, kind, place, since)
      select 'player_' || md5(i::text), 'entry', 'entry_0' || lpad(i::text, 25, '0'), 0
      from generate_series(${from}, ${to}) i`.execute(kysely)
  }
  await sql`analyze`.execute(kysely)
}

async function untilKnown({ metrics }: Ground, count: number): Promise<void> {
  const line = `\nmuster_matchmaking_players_waiting{queue="duel"} ${count}\n`
  for (const endsAt = performance.now() + loadedWithinMs; performance.now() < endsAt; await pause(100)) {
    if ((await metrics.registry.metrics()).includes(line)) return
  }
  throw new Error('Those who wait were not all known in time.')
}

async function bareInsertsPerSecond({ db, kysely, mintId }: Ground): Promise<number> {
  await sql`create table bare (id text collate "C" primary key, player text, place text)`.execute(kysely)
  const [rows, together] = [50_000, 500]
  const began = performance.now()
  for (let at = 0; at < rows; at += together) {
    const ids = Array.from({ length: together }, () => mintId('entry'))
    await db.once((tx) =>
      sql`insert into bare select id, id, id from unnest(${ids}::text[]) as given (id)`.execute(tx as never),
    )
  }
  return (rows / (performance.now() - began)) * 1_000
}

async function measure(before: number): Promise<Row> {
  await using ground = await openGround()
  await fill(ground, before)
  const loading = performance.now()
  ground.start()
  await untilKnown(ground, before)
  const loadedS = (performance.now() - loading) / 1_000

  const players = Array.from({ length: joins }, () => ground.mintId('player'))
  const tookMs: number[] = []
  let next = 0
  const joinNext = async () => {
    for (let at = next++; at < joins; at = next++) {
      const askedAt = performance.now()
      await ground.join(players[at]!)
      tookMs.push(performance.now() - askedAt)
    }
  }
  const began = performance.now()
  const cpu = cpuSecondsOf(process.pid)
  await Promise.all(Array.from({ length: atOnce }, joinNext))
  const spentMs = performance.now() - began
  const after = cpuSecondsOf(process.pid)
  tookMs.sort((a, b) => a - b)
  const perSecond = (joins / spentMs) * 1_000
  const bare = await bareInsertsPerSecond(ground)
  return {
    'waiting before': before,
    'known after, s': loadedS,
    'joins/s': perSecond,
    'p50, ms': tookMs[Math.floor(joins * 0.5)]!,
    'p99, ms': tookMs[Math.floor(joins * 0.99)]!,
    'of goal': perSecond / goalPerSecond,
    'own CPU, µs': ((after.own - cpu.own) / joins) * 1e6,
    'PostgreSQL CPU, µs': ((after.below - cpu.below) / joins) * 1e6,
    'bare inserts/s': bare,
    'of bare': perSecond / bare,
  }
}

const rows: Row[] = []
for (const before of waitingBefore) rows.push(await measure(before))
printTable(`Joining a queue: ${joins.toLocaleString('en')} joins, ${atOnce.toLocaleString('en')} at once`, rows)
writeResults('joins', { joins: rows })
