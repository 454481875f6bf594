import type { KeyId, PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import { type AuditEntry, auditRow } from './audit.ts'
import type { NewLogin } from './logins.ts'
import type { IdentityTables } from './tables.ts'

export interface NewAccount {
  player: PlayerId
  username: string
  usernameKey: string
  nick: string
  passwordHash: string
  operator: boolean
  /** The API key that it acts as, where it is a match server's. */
  serverKey?: KeyId | null
  at: number
}

export interface AccountRow {
  player: PlayerId
  username: string
  usernameKey: string
  passwordHash: string | null
  bannedUntil: number | null
}

export interface AccountStore {
  /** A player with an account, and their first login. False where the name is taken, or the player exists. */
  create(tx: Tx, account: NewAccount, login: NewLogin | null, audit: AuditEntry | null): Promise<boolean>
  /** A player without an account gets one, and so a guest is one no longer. False where the name is taken, or the
   *  player has an account (by now). */
  upgrade(tx: Tx, account: Omit<NewAccount, 'operator'>, audit: AuditEntry): Promise<boolean>
  /** By name, and whether the owner was seen at this address before. */
  named(tx: Tx, usernameKey: string, addressTag: string | null): Promise<(AccountRow & { atHome: boolean }) | null>
  of(tx: Tx, player: PlayerId): Promise<AccountRow | null>
  /** The API key that the account acts as; null for all but match servers. */
  serverKeyOf(tx: Tx, player: PlayerId): Promise<KeyId | null>
  /** False where the password is another one by now. */
  changePassword(tx: Tx, change: { player: PlayerId; from: string; to: string; at: number }): Promise<boolean>
  operators(tx: Tx): Promise<PlayerId[]>
  setOperator(tx: Tx, player: PlayerId, operator: boolean): Promise<boolean>
  /** Makes the account unless any operator exists; of several at once, one does. */
  createFirstOperator(tx: Tx, account: NewAccount): Promise<'made' | 'exists' | 'taken'>
}

const tables = sqlOf<IdentityTables>

const accountRow = (row: {
  player: string
  username: string
  username_key: string
  password_hash: string | null
  banned_until: number | null
}): AccountRow => ({
  player: row.player as PlayerId,
  username: row.username,
  usernameKey: row.username_key,
  passwordHash: row.password_hash,
  bannedUntil: row.banned_until,
})

export function sqlAccountStore(): AccountStore {
  const create: AccountStore['create'] = async (tx, account, login, audit) => {
    const opened =
      login === null
        ? sql``
        : sql`, opened as (
            insert into identity_logins
              (id, player, token_hash, refreshed_at, created_at, expires_at, ends_at, address_tag)
            select ${login.id}, id, ${login.tokenHash}::bytea, ${login.createdAt}::bigint, ${login.createdAt}::bigint,
                   ${login.expiresAt}::bigint, ${login.endsAt}::bigint, ${login.addressTag} from player)`
    const entry = audit === null ? null : auditRow(audit)
    const audited =
      entry === null
        ? sql``
        : sql`, audited as (
            insert into identity_audit (at, what, player, login, api_key, actor, address)
            select ${entry.at}, ${entry.what}, id, ${entry.login}, ${entry.api_key}, ${entry.actor}, ${entry.address}
            from player)`
    // The account's row comes first: its unique name decides whether there will be a player at all.
    const { rows } = await sql`
      with account as (
        insert into identity_accounts
          (player, username, username_key, password_hash, operator, server_key, created_at, password_changed_at)
        values (${account.player}, ${account.username}, ${account.usernameKey}, ${account.passwordHash},
                ${account.operator}, ${account.serverKey ?? null}, ${account.at}, ${account.at})
        on conflict do nothing returning player),
      player as (
        insert into identity_players (id, nick, guest, created_at)
        select player, ${account.nick}, false, ${account.at}::bigint from account returning id)
      ${opened} ${audited}
      select id from player
    `.execute(tables(tx))
    return rows.length > 0
  }

  return {
    create,
    async upgrade(tx, account, audit) {
      const entry = auditRow(audit)
      const { rows } = await sql`
        with person as (
          select id from identity_players where id = ${account.player} for update),
        account as (
          insert into identity_accounts
            (player, username, username_key, password_hash, created_at, password_changed_at)
          select id, ${account.username}, ${account.usernameKey}, ${account.passwordHash}, ${account.at}::bigint,
                 ${account.at}::bigint from person
          on conflict do nothing returning player),
        audited as (
          insert into identity_audit (at, what, player, login, address)
          select ${entry.at}, ${entry.what}, player, ${entry.login}, ${entry.address} from account)
        update identity_players p
        set guest = false, nick = case when p.guest then ${account.nick} else p.nick end, nick_key = null
        from account where p.id = account.player
        returning p.id
      `.execute(tables(tx))
      return rows.length > 0
    },
    async named(tx, usernameKey, addressTag) {
      const row = await tables(tx)
        .selectFrom('identity_accounts as a')
        .innerJoin('identity_players as p', 'p.id', 'a.player')
        .select(['a.player', 'a.username', 'a.username_key', 'a.password_hash', 'p.banned_until'])
        .select((select) =>
          select
            .exists(
              select
                .selectFrom('identity_logins as l')
                .select('l.id')
                .whereRef('l.player', '=', 'a.player')
                .where('l.address_tag', '=', addressTag),
            )
            .as('at_home'),
        )
        .where('a.username_key', '=', usernameKey)
        .executeTakeFirst()
      return row === undefined ? null : { ...accountRow(row), atHome: Boolean(row.at_home) }
    },
    async of(tx, player) {
      const row = await tables(tx)
        .selectFrom('identity_accounts as a')
        .innerJoin('identity_players as p', 'p.id', 'a.player')
        .select(['a.player', 'a.username', 'a.username_key', 'a.password_hash', 'p.banned_until'])
        .where('a.player', '=', player)
        .executeTakeFirst()
      return row === undefined ? null : accountRow(row)
    },
    async serverKeyOf(tx, player) {
      const row = await tables(tx)
        .selectFrom('identity_accounts')
        .select('server_key')
        .where('player', '=', player)
        .executeTakeFirst()
      return (row?.server_key ?? null) as KeyId | null
    },
    async changePassword(tx, { player, from, to, at }) {
      const row = await tables(tx)
        .updateTable('identity_accounts')
        .set({ password_hash: to, password_changed_at: at })
        .where('player', '=', player)
        .where('password_hash', '=', from)
        .returning('player')
        .executeTakeFirst()
      return row !== undefined
    },
    async operators(tx) {
      const rows = await tables(tx)
        .selectFrom('identity_accounts')
        .select('player')
        .where('operator', '=', true)
        .execute()
      return rows.map((row) => row.player as PlayerId)
    },
    async setOperator(tx, player, operator) {
      const row = await tables(tx)
        .updateTable('identity_accounts')
        .set({ operator })
        .where('player', '=', player)
        .returning('player')
        .executeTakeFirst()
      return row !== undefined
    },
    async createFirstOperator(tx, account) {
      await sql`select pg_advisory_xact_lock(hashtextextended('identity first operator', 0))`.execute(tables(tx))
      const known = await tables(tx)
        .selectFrom('identity_accounts')
        .select('player')
        .where('operator', '=', true)
        .limit(1)
        .executeTakeFirst()
      if (known !== undefined) return 'exists'
      return (await create(tx, account, null, null)) ? 'made' : 'taken'
    },
  }
}
