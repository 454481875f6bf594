import type { PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import { type AuditEntry, auditRow } from './audit.ts'
import type { NewLogin } from './logins.ts'
import type { IdentityTables } from './tables.ts'

/** Whom an outside provider knows somebody as. */
export interface OutsideIdentity {
  issuer: string
  subject: string
}

export interface Link extends OutsideIdentity {
  linkedAt: number
}

export interface NewLinked extends OutsideIdentity {
  player: PlayerId
  nick: string
  at: number
}

export interface LinkStore {
  /** Whose it is, and until when they are banned. */
  ownerOf(tx: Tx, identity: OutsideIdentity): Promise<{ player: PlayerId; bannedUntil: number | null } | null>
  /** A player with a link and their first login. False where the identity has an owner, or the player exists. */
  create(tx: Tx, linked: NewLinked, login: NewLogin, audit: AuditEntry): Promise<boolean>
  /** Keeps the player's ways in as they are until the transaction ends. Null where there is no such player. */
  lock(tx: Tx, player: PlayerId): Promise<{ nick: string; guest: boolean } | null>
  /** False where the identity has an owner, or the player has another of that issuer. */
  add(tx: Tx, link: OutsideIdentity & { player: PlayerId; at: number }): Promise<boolean>
  /** A guest is one no longer. */
  settle(tx: Tx, player: PlayerId, nick: string): Promise<void>
  /** False where there was none. */
  remove(tx: Tx, player: PlayerId, issuer: string): Promise<boolean>
  of(tx: Tx, player: PlayerId): Promise<Link[]>
}

const tables = sqlOf<IdentityTables>

export const sqlLinkStore = (): LinkStore => ({
  async ownerOf(tx, { issuer, subject }) {
    const row = await tables(tx)
      .selectFrom('identity_links as l')
      .innerJoin('identity_players as p', 'p.id', 'l.player')
      .select(['l.player', 'p.banned_until'])
      .where('l.issuer', '=', issuer)
      .where('l.subject', '=', subject)
      .executeTakeFirst()
    return row === undefined ? null : { player: row.player as PlayerId, bannedUntil: row.banned_until }
  },
  async create(tx, { player, issuer, subject, nick, at }, login, audit) {
    const entry = auditRow(audit)
    // The link's row comes first: of many who bring the same identity, one makes a player at all.
    const { rows } = await sql`
      with link as (
        insert into identity_links (issuer, subject, player, linked_at)
        select ${issuer}, ${subject}, ${player}, ${at}::bigint
        where not exists (select from identity_players where id = ${player})
        on conflict do nothing returning player),
      player as (
        insert into identity_players (id, nick, guest, created_at)
        select player, ${nick}, false, ${at}::bigint from link returning id),
      opened as (
        insert into identity_logins (id, player, token_hash, refreshed_at, created_at, expires_at, ends_at, address_tag)
        select ${login.id}, id, ${login.tokenHash}::bytea, ${login.createdAt}::bigint, ${login.createdAt}::bigint,
               ${login.expiresAt}::bigint, ${login.endsAt}::bigint, ${login.addressTag} from player),
      audited as (
        insert into identity_audit (at, what, player, login, actor, address)
        select ${entry.at}, ${entry.what}, id, ${entry.login}, ${entry.actor}, ${entry.address} from player)
      select id from player
    `.execute(tables(tx))
    return rows.length > 0
  },
  async lock(tx, player) {
    const row = await tables(tx)
      .selectFrom('identity_players')
      .select(['nick', 'guest'])
      .where('id', '=', player)
      .forUpdate()
      .executeTakeFirst()
    return row ?? null
  },
  async add(tx, { issuer, subject, player, at }) {
    const row = await tables(tx)
      .insertInto('identity_links')
      .values({ issuer, subject, player, linked_at: at })
      .onConflict((conflict) => conflict.doNothing())
      .returning('player')
      .executeTakeFirst()
    return row !== undefined
  },
  async settle(tx, player, nick) {
    await tables(tx)
      .updateTable('identity_players')
      .set({ guest: false, nick, nick_key: null })
      .where('id', '=', player)
      .where('guest', '=', true)
      .execute()
  },
  async remove(tx, player, issuer) {
    const row = await tables(tx)
      .deleteFrom('identity_links')
      .where('player', '=', player)
      .where('issuer', '=', issuer)
      .returning('player')
      .executeTakeFirst()
    return row !== undefined
  },
  async of(tx, player) {
    const rows = await tables(tx)
      .selectFrom('identity_links')
      .select(['issuer', 'subject', 'linked_at'])
      .where('player', '=', player)
      .orderBy('linked_at')
      .orderBy('issuer')
      .execute()
    return rows.map(({ linked_at, ...row }) => ({ ...row, linkedAt: linked_at }))
  },
})
