import type { PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { isUniqueViolation, sqlOf, type Tx } from '../../../platform/db.ts'
import type { NewLogin } from './logins.ts'
import type { IdentityTables } from './tables.ts'

export interface NewGuest {
  id: PlayerId
  nick: string
  nickKey: string
  login: NewLogin
}

export interface Person {
  nick: string
  guest: boolean
  createdAt: number
  username: string | null
}

export interface Ban {
  player: PlayerId
  reason: string
  at: number
  /** Null for good. */
  until: number | null
}

export interface PlayerStore {
  /** Guests with their logins, all made at one moment. Tells whose nick was free, and who did not exist before. */
  createGuests(tx: Tx, guests: NewGuest[]): Promise<PlayerId[]>
  people(tx: Tx, players: PlayerId[]): Promise<Map<PlayerId, Person>>
  /** `nickKey` is null for accounts, whose nicks need not be unique. A statement by itself: `taken` spoils a
   *  transaction. `gone` where there is no such player, or a guest has become an account. */
  rename(tx: Tx, player: PlayerId, nick: string, nickKey: string | null): Promise<'renamed' | 'taken' | 'gone'>
  ban(tx: Tx, ban: Ban): Promise<boolean>
  unban(tx: Tx, player: PlayerId, at: number): Promise<boolean>
  bansOf(tx: Tx, player: PlayerId): Promise<(Ban & { liftedAt: number | null })[]>
  /** Removes whatever names the player. A row that holds the id alone remains. False if that was done before. */
  erase(tx: Tx, player: PlayerId, at: number): Promise<boolean>
  /** Guests nobody has played as since, by id, after `after`. */
  staleGuests(tx: Tx, unusedSinceMs: number, after: PlayerId | null, max: number): Promise<PlayerId[]>
}

const tables = sqlOf<IdentityTables>

/** The last millisecond of the year 9999: for good. */
const forGood = 253_402_300_799_999

export const sqlPlayerStore = (): PlayerStore => ({
  async createGuests(tx, guests) {
    // In one order everywhere, so that two batches that want the same nicks cannot wait for each other.
    const sorted = [...guests].sort((a, b) => (a.nickKey < b.nickKey ? -1 : 1))
    const column = <T>(read: (guest: NewGuest) => T) => sorted.map(read)
    const { rows } = await sql<{ id: PlayerId }>`
      with given as (
        select * from unnest(
          ${column((g) => g.id)}::text[], ${column((g) => g.nick)}::text[], ${column((g) => g.nickKey)}::text[],
          ${column((g) => g.login.id)}::text[], ${column((g) => g.login.tokenHash)}::bytea[],
          ${column((g) => g.login.createdAt)}::bigint[], ${column((g) => g.login.expiresAt)}::bigint[],
          ${column((g) => g.login.endsAt)}::bigint[], ${column((g) => g.login.addressTag)}::text[])
        as given (id, nick, nick_key, login, token_hash, created_at, expires_at, ends_at, address_tag)),
      made as (
        insert into identity_players (id, nick, nick_key, guest, created_at)
        select id, nick, nick_key, true, created_at from given
        on conflict do nothing returning id),
      opened as (
        insert into identity_logins (id, player, token_hash, refreshed_at, created_at, expires_at, ends_at, address_tag)
        select g.login, g.id, g.token_hash, g.created_at, g.created_at, g.expires_at, g.ends_at, g.address_tag
        from given g join made on made.id = g.id)
      select id from made
    `.execute(tables(tx))
    return rows.map((row) => row.id)
  },

  async people(tx, players) {
    if (players.length === 0) return new Map()
    const rows = await tables(tx)
      .selectFrom('identity_players as p')
      .leftJoin('identity_accounts as a', 'a.player', 'p.id')
      .select(['p.id', 'p.nick', 'p.guest', 'p.created_at', 'a.username'])
      .where(sql<boolean>`p.id = any(${players}::text[])`)
      .execute()
    return new Map(rows.map(({ id, created_at, ...row }) => [id as PlayerId, { ...row, createdAt: created_at }]))
  },

  async rename(tx, player, nick, nickKey) {
    try {
      const row = await tables(tx)
        .updateTable('identity_players')
        .set({ nick, nick_key: nickKey })
        .where('id', '=', player)
        .where('guest', '=', nickKey !== null)
        .returning('id')
        .executeTakeFirst()
      return row === undefined ? 'gone' : 'renamed'
    } catch (error) {
      if (isUniqueViolation(error)) return 'taken'
      throw error
    }
  },

  async ban(tx, { player, reason, at, until }) {
    const { rows } = await sql`
      with banned as (
        update identity_players set banned_until = ${until ?? forGood} where id = ${player} returning id)
      insert into identity_bans (player, reason, at, until)
      select id, ${reason}, ${at}::bigint, ${until}::bigint from banned returning player
    `.execute(tables(tx))
    return rows.length > 0
  },

  async unban(tx, player, at) {
    const { rows } = await sql`
      with freed as (
        update identity_players set banned_until = null where id = ${player} and banned_until is not null returning id),
      lifted as (
        update identity_bans set lifted_at = ${at} where player in (select id from freed) and lifted_at is null)
      select id from freed
    `.execute(tables(tx))
    return rows.length > 0
  },

  async bansOf(tx, player) {
    const rows = await tables(tx)
      .selectFrom('identity_bans')
      .select(['reason', 'at', 'until', 'lifted_at'])
      .where('player', '=', player)
      .orderBy('id')
      .execute()
    return rows.map(({ lifted_at, ...row }) => ({ player, ...row, liftedAt: lifted_at }))
  },

  async erase(tx, player, at) {
    const { rows } = await sql`
      insert into identity_erased (player, at) select id, ${at}::bigint from identity_players where id = ${player}
      on conflict do nothing returning player
    `.execute(tables(tx))
    await tables(tx).deleteFrom('identity_players').where('id', '=', player).execute()
    await tables(tx).deleteFrom('identity_logins').where('player', '=', player).execute()
    await tables(tx).deleteFrom('identity_bans').where('player', '=', player).execute()
    await tables(tx).updateTable('identity_audit').set({ address: null }).where('player', '=', player).execute()
    return rows.length > 0
  },

  async staleGuests(tx, unusedSinceMs, after, max) {
    const { rows } = await sql<{ id: PlayerId }>`
      select p.id from identity_players p
      where p.guest and p.id > ${after ?? ''} and p.created_at < ${unusedSinceMs}
        and not exists (
          select from identity_logins l where l.player = p.id and l.refreshed_at >= ${unusedSinceMs})
      order by p.id limit ${max}
    `.execute(tables(tx))
    return rows.map((row) => row.id)
  },
})
