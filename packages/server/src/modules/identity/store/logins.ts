import type { LoginId, PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import { type AuditEntry, auditRow } from './audit.ts'
import type { OutsideIdentity } from './links.ts'
import type { IdentityTables } from './tables.ts'

export interface NewLogin {
  id: LoginId
  tokenHash: Buffer
  createdAt: number
  expiresAt: number
  endsAt: number
  addressTag: string | null
}

/** What an access token says of its player. */
export interface Bearer {
  player: PlayerId
  nick: string
  guest: boolean
  endsAt: number
}

export interface Rotation {
  login: LoginId
  fromHash: Buffer
  toHash: Buffer
  /** The next token, sealed under the one before. */
  sealed: Buffer
  expiresAt: number
}

export interface Replacement {
  login: LoginId
  toHash: Buffer
  /** The fresh token sealed under the one before. */
  prior: { hash: Buffer; sealed: Buffer } | null
  now: number
  expiresAt: number
}

export interface LoginRow extends Bearer {
  tokenHash: Buffer
  priorHash: Buffer | null
  successorSealed: Buffer | null
  refreshedAt: number
  expiresAt: number
  ended: boolean
}

export interface EndedLogin {
  player: PlayerId
  login: LoginId
  /** Until when somebody may hold an access token of it. */
  keptUntil: number
}

export type WhichLogins =
  | { login: LoginId }
  | { player: PlayerId; except?: LoginId }
  /** The oldest ones beyond so many. */
  | { player: PlayerId; beyond: number }

export type EndReason = 'logout' | 'logout_all' | 'password' | 'unlinked' | 'reused' | 'banned' | 'crowded' | 'erased'

export interface LoginStore {
  /** Opens a login unless the player is gone or banned, or the way in is theirs no longer: the password that was meant,
   *  where `passwordHash` is given, or the `link`. Null then. */
  open(
    tx: Tx,
    request: {
      player: PlayerId
      passwordHash: string | null
      link?: OutsideIdentity
      login: NewLogin
      audit: AuditEntry | null
    },
  ): Promise<Bearer | null>
  read(tx: Tx, login: LoginId): Promise<LoginRow | null>
  /** Tokens with `fromHash` give way to the next, all at one moment. Null for each that is not the good one of a live
   *  login; of two that turn the same token, one is. */
  rotate(tx: Tx, rotations: Rotation[], now: number): Promise<(Bearer | null)[]>
  /** Sets a fresh token. The one before is spent at once; or, where `prior` says which it is, leads to the fresh one for a
   *  while, as after a rotation. Null where the login has ended, or that is its token no longer. */
  replace(tx: Tx, request: Replacement): Promise<Bearer | null>
  /** Ends those that still run, and leaves word for every node. */
  end(tx: Tx, request: { which: WhichLogins; now: number; reason: EndReason; keptUntil: number }): Promise<EndedLogin[]>
  /** Endings that may not have been seen under `cursor`, and the cursor to come back with. */
  endedSince(tx: Tx, cursor: string | null, now: number): Promise<{ ended: EndedLogin[]; cursor: string }>
  ofPlayer(
    tx: Tx,
    player: PlayerId,
  ): Promise<{ id: LoginId; createdAt: number; refreshedAt: number; endedAt: number | null }[]>
  sweepLogins(tx: Tx, expiredBeforeMs: number, max: number): Promise<number>
  sweepEnded(tx: Tx, now: number, max: number): Promise<number>
}

interface BearerRow {
  player: PlayerId
  nick: string
  guest: boolean
  ends_at: number
}

const tables = sqlOf<IdentityTables>
const bearer = ({ ends_at, ...row }: BearerRow): Bearer => ({ ...row, endsAt: ends_at })

const chosen = (which: WhichLogins, now: number) => {
  if ('login' in which) return sql`id = ${which.login}`
  if ('beyond' in which) {
    return sql`id in (
      select id from identity_logins where player = ${which.player} and ended_at is null and expires_at > ${now}
      order by created_at desc, id desc offset ${which.beyond})`
  }
  return which.except === undefined
    ? sql`player = ${which.player}`
    : sql`player = ${which.player} and id <> ${which.except}`
}

/** What must hold of the way in, and be kept as it is until the login is there. */
function wayIn(passwordHash: string | null, link: OutsideIdentity | undefined) {
  if (passwordHash !== null) {
    return {
      join: sql`join identity_accounts a on a.player = p.id`,
      holds: sql`a.password_hash = ${passwordHash}`,
      locked: sql`for share of p, a`,
    }
  }
  if (link === undefined) return { join: sql``, holds: sql`true`, locked: sql`for share of p` }
  return {
    join: sql`join identity_links k on k.player = p.id`,
    holds: sql`k.issuer = ${link.issuer} and k.subject = ${link.subject}`,
    locked: sql`for share of p, k`,
  }
}

export const sqlLoginStore = (): LoginStore => ({
  async open(tx, { player, passwordHash, link, login, audit }) {
    const way = wayIn(passwordHash, link)
    const entry = audit === null ? null : auditRow(audit)
    const audited =
      entry === null
        ? sql``
        : sql`, audited as (
            insert into identity_audit (at, what, player, login, actor, address)
            select ${entry.at}, ${entry.what}, player, ${login.id}, ${entry.actor}, ${entry.address} from who)`
    // The lock makes a ban, a change of password or an unlinking that is under way at this moment come first or see this login.
    const { rows } = await sql<BearerRow>`
      with who as (
        select p.id as player, p.nick, p.guest from identity_players p ${way.join}
        where p.id = ${player} and (p.banned_until is null or p.banned_until <= ${login.createdAt}) and ${way.holds}
        ${way.locked}),
      opened as (
        insert into identity_logins (id, player, token_hash, refreshed_at, created_at, expires_at, ends_at, address_tag)
        select ${login.id}, player, ${login.tokenHash}::bytea, ${login.createdAt}::bigint, ${login.createdAt}::bigint,
               ${login.expiresAt}::bigint, ${login.endsAt}::bigint, ${login.addressTag} from who)
      ${audited}
      select player, nick, guest, ${login.endsAt}::bigint as ends_at from who
    `.execute(tables(tx))
    return rows[0] === undefined ? null : bearer(rows[0])
  },

  async read(tx, login) {
    const row = await tables(tx)
      .selectFrom('identity_logins as l')
      .innerJoin('identity_players as p', 'p.id', 'l.player')
      .selectAll('l')
      .select(['p.nick', 'p.guest'])
      .where('l.id', '=', login)
      .executeTakeFirst()
    if (row === undefined) return null
    return {
      player: row.player as PlayerId,
      nick: row.nick,
      guest: row.guest,
      endsAt: row.ends_at,
      tokenHash: row.token_hash,
      priorHash: row.prior_hash,
      successorSealed: row.successor_sealed,
      refreshedAt: row.refreshed_at,
      expiresAt: row.expires_at,
      ended: row.ended_at !== null,
    }
  },

  async rotate(tx, rotations, now) {
    const column = <T>(read: (rotation: Rotation) => T) => rotations.map(read)
    const { rows } = await sql<BearerRow & { token_hash: Buffer }>`
      update identity_logins l
      set token_hash = r.to_hash, prior_hash = r.from_hash, successor_sealed = r.sealed, refreshed_at = ${now},
          expires_at = least(l.ends_at, r.expires_at)
      from unnest(
             ${column((r) => r.login)}::text[], ${column((r) => r.fromHash)}::bytea[],
             ${column((r) => r.toHash)}::bytea[], ${column((r) => r.sealed)}::bytea[],
             ${column((r) => r.expiresAt)}::bigint[])
           as r (login, from_hash, to_hash, sealed, expires_at),
           identity_players p
      where l.id = r.login and l.token_hash = r.from_hash and l.ended_at is null and l.expires_at > ${now}
        and p.id = l.player
      returning l.token_hash, l.player, l.ends_at, p.nick, p.guest
    `.execute(tables(tx))
    const turned = new Map(rows.map(({ token_hash, ...row }) => [token_hash.toString('hex'), bearer(row)]))
    return rotations.map((rotation) => turned.get(rotation.toHash.toString('hex')) ?? null)
  },

  async replace(tx, { login, toHash, prior, now, expiresAt }) {
    const isPrior = prior === null ? sql`true` : sql`l.token_hash = ${prior.hash}`
    const { rows } = await sql<BearerRow>`
      update identity_logins l
      set token_hash = ${toHash}, prior_hash = ${prior?.hash ?? null}::bytea,
          successor_sealed = ${prior?.sealed ?? null}::bytea, refreshed_at = ${now},
          expires_at = least(l.ends_at, ${expiresAt}::bigint)
      from identity_players p
      where l.id = ${login} and l.ended_at is null and l.expires_at > ${now} and p.id = l.player and ${isPrior}
      returning l.player, l.ends_at, p.nick, p.guest
    `.execute(tables(tx))
    return rows[0] === undefined ? null : bearer(rows[0])
  },

  async end(tx, { which, now, reason, keptUntil }) {
    // Locked in one order, so that two who end the same logins cannot wait for each other.
    const { rows } = await sql<{ login: LoginId; player: PlayerId }>`
      with chosen as materialized (
        select id from identity_logins where ${chosen(which, now)} and ended_at is null order by id for update),
      ended as (
        update identity_logins l
        set ended_at = ${now}, end_reason = ${reason}, expires_at = least(l.expires_at, ${now}::bigint),
            prior_hash = null, successor_sealed = null
        from chosen where l.id = chosen.id
        returning l.id, l.player)
      insert into identity_ended (login, player, kept_until)
      select id, player, ${keptUntil}::bigint from ended
      returning login, player
    `.execute(tables(tx))
    return rows.map((row) => ({ ...row, keptUntil }))
  },

  async endedSince(tx, cursor, now) {
    // Transactions below the snapshot's lower end are over, and what they wrote is in this answer or an earlier one.
    const { rows } = await sql<{ upto: string; login: LoginId | null; player: PlayerId; kept_until: number }>`
      select s.upto::text as upto, e.login, e.player, e.kept_until
      from (select pg_snapshot_xmin(pg_current_snapshot()) as upto) s
      left join identity_ended e on e.xid >= ${cursor ?? '0'}::xid8 and e.kept_until > ${now}
    `.execute(tables(tx))
    const ended = rows.flatMap(({ login, player, kept_until }) =>
      login === null ? [] : [{ login, player, keptUntil: kept_until }],
    )
    return { ended, cursor: rows[0]?.upto ?? cursor ?? '0' }
  },

  async ofPlayer(tx, player) {
    const rows = await tables(tx)
      .selectFrom('identity_logins')
      .select(['id', 'created_at', 'refreshed_at', 'ended_at'])
      .where('player', '=', player)
      .orderBy('created_at')
      .execute()
    return rows.map((row) => ({
      id: row.id as LoginId,
      createdAt: row.created_at,
      refreshedAt: row.refreshed_at,
      endedAt: row.ended_at,
    }))
  },

  async sweepLogins(tx, expiredBeforeMs, max) {
    const { numAffectedRows } = await sql`
      delete from identity_logins where id in (
        select id from identity_logins where expires_at < ${expiredBeforeMs}
        order by expires_at limit ${max} for update skip locked)
    `.execute(tables(tx))
    return Number(numAffectedRows ?? 0)
  },

  async sweepEnded(tx, now, max) {
    const { numAffectedRows } = await sql`
      delete from identity_ended where login in (
        select login from identity_ended where kept_until < ${now}
        order by kept_until limit ${max} for update skip locked)
    `.execute(tables(tx))
    return Number(numAffectedRows ?? 0)
  },
})
