import type { ColumnType, Generated } from 'kysely'
import { type Migrations, statements } from '../../../platform/postgres.ts'

/** The rows of identity. A player is who plays; an account is how a player signs in, and guests have none. */
export interface IdentityTables {
  identity_players: {
    id: string
    nick: string
    /** Only guests have one: their nicks are unique. */
    nick_key: string | null
    guest: boolean
    banned_until: number | null
    created_at: number
  }
  identity_accounts: {
    player: string
    username: string
    username_key: string
    password_hash: string | null
    operator: boolean
    /** The API key that a match server's account acts as. */
    server_key: string | null
    created_at: number
    password_changed_at: number
  }
  /** Outside identities by which a player signs in. */
  identity_links: {
    issuer: string
    subject: string
    player: string
    linked_at: number
  }
  identity_logins: {
    id: string
    player: string
    /** Of the one refresh token that is good now. */
    token_hash: Buffer
    /** Of the token before it, with its successor sealed under that token itself. */
    prior_hash: Buffer | null
    successor_sealed: Buffer | null
    refreshed_at: number
    created_at: number
    expires_at: number
    ends_at: number
    ended_at: number | null
    end_reason: string | null
    address_tag: string | null
  }
  identity_ended: {
    login: string
    player: string
    /** The transaction that wrote the row: readers follow it, since rows become visible in the order of commits. */
    xid: ColumnType<string, never, never>
    kept_until: number
  }
  identity_bans: {
    id: Generated<number>
    player: string
    reason: string
    at: number
    until: number | null
    lifted_at: number | null
  }
  identity_signing_keys: {
    generation: number
    kid: string
    public_x: string
    private_sealed: Buffer
    signs_from: number
    created_at: number
  }
  identity_keys: {
    id: string
    name: string
    scopes: string[]
    secret_hash: Buffer
    created_at: number
    expires_at: number | null
    last_used_at: number | null
    revoked_at: number | null
  }
  identity_audit: {
    id: Generated<number>
    at: number
    what: string
    player: string | null
    login: string | null
    api_key: string | null
    actor: string | null
    address: string | null
  }
  identity_erased: { player: string; at: number }
}

export const identityMigrations: Migrations = {
  identity_0001_people: statements(
    `create table identity_players (
       id text primary key, nick text not null, nick_key text unique, guest boolean not null,
       banned_until bigint, created_at bigint not null)`,
    'create index identity_players_guests on identity_players (id) where guest',
    `create table identity_accounts (
       player text primary key references identity_players on delete cascade,
       username text not null, username_key text not null unique, password_hash text,
       operator boolean not null default false,
       created_at bigint not null, password_changed_at bigint not null)`,
    'create index identity_accounts_operators on identity_accounts (player) where operator',
    `create table identity_bans (
       id bigint generated always as identity primary key, player text not null, reason text not null,
       at bigint not null, until bigint, lifted_at bigint)`,
    'create index identity_bans_player on identity_bans (player)',
    'create table identity_erased (player text primary key, at bigint not null)',
  ),
  identity_0002_logins: statements(
    `create table identity_logins (
       id text primary key, player text not null, token_hash bytea not null,
       prior_hash bytea, successor_sealed bytea, refreshed_at bigint not null,
       created_at bigint not null, expires_at bigint not null, ends_at bigint not null,
       ended_at bigint, end_reason text, address_tag text)`,
    'create index identity_logins_player on identity_logins (player)',
    'create index identity_logins_expires on identity_logins (expires_at)',
    `create table identity_ended (
       login text primary key, player text not null,
       xid xid8 not null default pg_current_xact_id(), kept_until bigint not null)`,
    'create index identity_ended_xid on identity_ended (xid)',
    'create index identity_ended_kept on identity_ended (kept_until)',
  ),
  identity_0003_keys: statements(
    `create table identity_signing_keys (
       generation integer primary key, kid text not null unique, public_x text not null,
       private_sealed bytea not null, signs_from bigint not null, created_at bigint not null)`,
    `create table identity_keys (
       id text primary key, name text not null, scopes text[] not null, secret_hash bytea not null,
       created_at bigint not null, expires_at bigint, last_used_at bigint, revoked_at bigint)`,
  ),
  identity_0004_audit: statements(
    `create table identity_audit (
       id bigint generated always as identity primary key, at bigint not null, what text not null,
       player text, login text, api_key text, actor text, address text)`,
    'create index identity_audit_at on identity_audit (at)',
    'create index identity_audit_player on identity_audit (player)',
  ),
  identity_0005_links: statements(
    `create table identity_links (
       issuer text not null, subject text not null,
       player text not null references identity_players on delete cascade, linked_at bigint not null,
       primary key (issuer, subject), unique (player, issuer))`,
  ),
  identity_0006_server_accounts: statements('alter table identity_accounts add column server_key text'),
}
