import type { EntryId, PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { Hold } from '../hold.ts'
import type { Strikes } from '../pause.ts'
import type { PlayerStore } from '../store.ts'

interface PlayerTables {
  matchmaking_players: {
    player: PlayerId
    entry_id: EntryId | null
    changed_at: number
    strikes: number
    struck_at: number
    paused_until: number
  }
  matchmaking_holds: Hold
}

type StruckRow = Pick<PlayerTables['matchmaking_players'], 'player' | 'strikes' | 'struck_at' | 'paused_until'>

const tables = (tx: Tx) => sqlOf<PlayerTables>(tx)

const strikesIn = (row: StruckRow | undefined): Strikes | null =>
  row === undefined || row.strikes === 0
    ? null
    : { count: row.strikes, at: row.struck_at, pausedUntil: row.paused_until }

export const sqlPlayers: PlayerStore = {
  async pausesOf(tx, players, now) {
    const rows = await tables(tx)
      .selectFrom('matchmaking_players')
      .select(['player', 'paused_until'])
      .where('player', '=', sql<PlayerId>`any(${players}::text[])`)
      .where('paused_until', '>', now)
      .execute()
    return new Map(rows.map((row) => [row.player, row.paused_until]))
  },

  async strikesOf(tx, player) {
    const row = await tables(tx)
      .selectFrom('matchmaking_players')
      .select(['player', 'strikes', 'struck_at', 'paused_until'])
      .where('player', '=', player)
      .executeTakeFirst()
    return strikesIn(row)
  },

  async noteLast(tx, closed, now) {
    if (closed.length === 0) return
    const newest = new Map<PlayerId, EntryId>()
    for (const { player, entry } of closed) if ((newest.get(player) ?? '') < entry) newest.set(player, entry)
    await sql`
      insert into matchmaking_players (player, entry_id, changed_at)
      select player, entry, ${now}::bigint
      from unnest(${[...newest.keys()]}::text[], ${[...newest.values()]}::text[]) as given (player, entry)
      order by player collate "C"
      on conflict (player) do update set
        entry_id = greatest(matchmaking_players.entry_id, excluded.entry_id), changed_at = excluded.changed_at
      `.execute(tables(tx))
  },

  async strike(tx, players, strike) {
    if (players.length === 0) return
    // The update changes nothing, but takes hold of the rows, those that were there and those that are new.
    const { rows } = await sql<StruckRow>`
      insert into matchmaking_players (player, changed_at)
      select player, 0 from unnest(${[...new Set(players)]}::text[]) as given (player) order by player collate "C"
      on conflict (player) do update set changed_at = matchmaking_players.changed_at
      returning player, strikes, struck_at, paused_until`.execute(tables(tx))
    const after = rows.map((row) => ({ player: row.player, ...strike(strikesIn(row)) }))
    await sql`
      update matchmaking_players there
      set strikes = given.count, struck_at = given.at, paused_until = given.until, changed_at = given.at
      from unnest(
        ${after.map((one) => one.player)}::text[], ${after.map((one) => one.count)}::integer[],
        ${after.map((one) => one.at)}::bigint[], ${after.map((one) => one.pausedUntil)}::bigint[]
      ) as given (player, count, at, until)
      where there.player = given.player`.execute(tables(tx))
  },

  async lastEntryOf(tx, player) {
    const row = await tables(tx)
      .selectFrom('matchmaking_players')
      .select('entry_id')
      .where('player', '=', player)
      .executeTakeFirst()
    return row?.entry_id ?? null
  },

  async forget(tx, player) {
    await tables(tx).deleteFrom('matchmaking_players').where('player', '=', player).execute()
  },

  async dropPlayers(tx, after, max, before) {
    const { rows } = await sql<{ player: PlayerId; old: boolean }>`
      select player, changed_at < ${before} and struck_at < ${before} and paused_until < ${before} as old
      from matchmaking_players where player > ${after ?? ''} order by player limit ${max}`.execute(tables(tx))
    const old = rows.filter((row) => row.old).map((row) => row.player)
    if (old.length > 0) {
      await sql`
        delete from matchmaking_players where player in (
          select player from matchmaking_players
          where player = any(${old}::text[]) and changed_at < ${before} and paused_until < ${before}
          order by player for update skip locked
        )`.execute(tables(tx))
    }
    return rows.length < max ? null : (rows.at(-1)?.player ?? null)
  },

  holds: (tx) => tables(tx).selectFrom('matchmaking_holds').selectAll().execute(),

  async changeHold(tx, mode, change) {
    const before = await tables(tx)
      .selectFrom('matchmaking_holds')
      .selectAll()
      .where('mode', '=', mode)
      .forUpdate()
      .executeTakeFirst()
    const after = change(before ?? null)
    if (after === null) {
      if (before !== undefined) await tables(tx).deleteFrom('matchmaking_holds').where('mode', '=', mode).execute()
      return
    }
    const { mode: _, ...kept } = after
    await tables(tx)
      .insertInto('matchmaking_holds')
      .values({ mode, ...kept })
      .onConflict((conflict) => conflict.column('mode').doUpdateSet(kept))
      .execute()
  },
}
