import type { KeyId, MatchId, PlayerId, ServerId, SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import { type Migrations, statements } from '../../../platform/postgres.ts'

/** A match server's word that it is there. */
export interface Offer {
  server: ServerId
  /** Whose it is; and the API key that this account acts as. */
  account: PlayerId
  key: KeyId
  /** `host:port` */
  address: string
  expiresAt: number
  revoked: boolean
}

/** A session that was given to an offered server. */
export interface GivenMatch {
  session: SessionId
  match: MatchId
  server: ServerId
  instance: string
  account: PlayerId
  /** The server has taken it. */
  prepared: boolean
  /** The server says by itself who comes and when play begins. */
  reports: boolean
  createdAt: number
}

/** What is kept of the match server dialect, so that any node goes on where another ended. */
export interface MatchServerStore {
  /** Whoever offers with the same key waits for the end of this transaction. */
  lockKey(tx: Tx, key: KeyId): Promise<void>
  /** Anew, or for another time; false where another account offers the server, or another offer reaches it. `reached` is
   *  where its address leads now, in one spelling. */
  putOffer(tx: Tx, offer: Omit<Offer, 'revoked'> & { reached: readonly string[] }, now: number): Promise<boolean>
  countOffers(tx: Tx, key: KeyId): Promise<number>
  /** Of one account; of these servers, unless all. Tells which there were. */
  revokeOffers(tx: Tx, account: PlayerId, servers: readonly ServerId[] | null, now: number): Promise<Offer[]>
  /** As they are; nobody changes them until the transaction ends. */
  lockOffers(tx: Tx, servers: readonly ServerId[]): Promise<Offer[]>
  removeOffers(tx: Tx, servers: readonly ServerId[]): Promise<void>
  /** By id after `after`. */
  listOffers(tx: Tx, after: ServerId | null, limit: number): Promise<Offer[]>
  offersOf(tx: Tx, servers: readonly ServerId[]): Promise<Offer[]>
  /** Those that it is time to look at; nobody else is given them before `until`. */
  takeOffers(tx: Tx, now: number, until: number, limit: number): Promise<Offer[]>
  lookAtOffers(tx: Tx, servers: readonly ServerId[], at: number): Promise<void>

  addMatches(tx: Tx, matches: readonly Omit<GivenMatch, 'prepared' | 'reports'>[]): Promise<void>
  takeMatches(tx: Tx, now: number, until: number, limit: number): Promise<GivenMatch[]>
  lookAtMatch(tx: Tx, session: SessionId, at: number): Promise<void>
  notePrepared(tx: Tx, session: SessionId, reports: boolean): Promise<void>
  removeMatches(tx: Tx, sessions: readonly SessionId[]): Promise<void>
  matchOf(tx: Tx, match: MatchId): Promise<GivenMatch | null>
  matchOfSession(tx: Tx, session: SessionId): Promise<GivenMatch | null>
  /** Newest first. */
  matchesOf(tx: Tx, account: PlayerId, limit: number): Promise<GivenMatch[]>
  offersBy(tx: Tx, account: PlayerId): Promise<Offer[]>
  /** Nothing says any more whose these were; what is still offered ends. */
  forget(tx: Tx, account: PlayerId, now: number): Promise<void>
}

interface Tables {
  dialects_offers: {
    server: string
    account: string
    key: string
    address: string
    expires_at: number
    revoked: boolean
    look_at: number
    reached: string[]
  }
  dialects_matches: {
    session: string
    match: string
    server: string
    instance: string
    account: string
    prepared: boolean
    reports: boolean
    created_at: number
    look_at: number
  }
}

export const dialectsMigrations: Migrations = {
  dialects_0001_match_servers: statements(
    `create table dialects_offers (
       server text primary key, account text not null, key text not null, address text not null, expires_at bigint not null,
       revoked boolean not null, look_at bigint not null)`,
    'create index dialects_offers_key on dialects_offers (key)',
    'create index dialects_offers_account on dialects_offers (account)',
    'create index dialects_offers_look on dialects_offers (look_at)',
    `create table dialects_matches (
       session text primary key, match text not null unique, server text not null, instance text not null,
       account text not null, prepared boolean not null default false, reports boolean not null default false,
       created_at bigint not null, look_at bigint not null)`,
    'create index dialects_matches_account on dialects_matches (account, created_at desc)',
    'create index dialects_matches_look on dialects_matches (look_at)',
  ),
  dialects_0002_reached: statements(
    "alter table dialects_offers add column reached text[] not null default '{}'",
    'create index dialects_offers_reached on dialects_offers using gin (reached)',
  ),
}

const tables = (tx: Tx) => sqlOf<Tables>(tx)

const offerOf = (row: Tables['dialects_offers']): Offer => ({
  server: row.server,
  account: row.account as PlayerId,
  key: row.key as KeyId,
  address: row.address,
  expiresAt: row.expires_at,
  revoked: row.revoked,
})

const matchOf = (row: Tables['dialects_matches']): GivenMatch => ({
  session: row.session as SessionId,
  match: row.match as MatchId,
  server: row.server,
  instance: row.instance,
  account: row.account as PlayerId,
  prepared: row.prepared,
  reports: row.reports,
  createdAt: row.created_at,
})

export const sqlMatchServerStore = (): MatchServerStore => ({
  async lockKey(tx, key) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`dialects offers ${key}`}, 0))`.execute(tables(tx))
  },
  async putOffer(tx, { server, account, key, address, expiresAt, reached }, now) {
    for (const one of [...reached].sort()) {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`dialects address ${one}`}, 0))`.execute(tables(tx))
    }
    const { rows: others } = await sql`
      select from dialects_offers where reached && ${[...reached]}::text[] and server <> ${server} limit 1`.execute(
      tables(tx),
    )
    if (others.length > 0) return false
    const change = { reached: [...reached], key, address, expires_at: expiresAt, revoked: false, look_at: now }
    const row = await tables(tx)
      .insertInto('dialects_offers')
      .values({ server, account, ...change })
      .onConflict((conflict) =>
        conflict.column('server').doUpdateSet(change).whereRef('dialects_offers.account', '=', 'excluded.account'),
      )
      .returning('server')
      .executeTakeFirst()
    return row !== undefined
  },
  async countOffers(tx, key) {
    const { count } = await tables(tx)
      .selectFrom('dialects_offers')
      .select((select) => select.fn.countAll().as('count'))
      .where('key', '=', key)
      .executeTakeFirstOrThrow()
    return Number(count)
  },
  async revokeOffers(tx, account, servers, now) {
    const rows = await tables(tx)
      .updateTable('dialects_offers')
      .set({ revoked: true, look_at: now })
      .where('account', '=', account)
      .$if(servers !== null, (query) => query.where('server', 'in', [...(servers ?? []), '']))
      .returningAll()
      .execute()
    return rows.map(offerOf)
  },
  async removeOffers(tx, servers) {
    await sql`delete from dialects_offers where server = any(${servers}::text[])`.execute(tables(tx))
  },
  async listOffers(tx, after, limit) {
    const rows = await tables(tx)
      .selectFrom('dialects_offers')
      .selectAll()
      .where('server', '>', after ?? '')
      .orderBy('server')
      .limit(limit)
      .execute()
    return rows.map(offerOf)
  },
  async offersOf(tx, servers) {
    const { rows } = await sql<Tables['dialects_offers']>`
      select * from dialects_offers where server = any(${servers}::text[])`.execute(tables(tx))
    return rows.map(offerOf)
  },
  async lockOffers(tx, servers) {
    const { rows } = await sql<Tables['dialects_offers']>`
      select * from dialects_offers where server = any(${servers}::text[]) order by server for update`.execute(
      tables(tx),
    )
    return rows.map(offerOf)
  },
  async takeOffers(tx, now, until, limit) {
    const { rows } = await sql<Tables['dialects_offers']>`
      update dialects_offers set look_at = ${until} where server in (
        select server from dialects_offers where look_at <= ${now} order by look_at limit ${limit}
        for update skip locked)
      returning *`.execute(tables(tx))
    return rows.map(offerOf)
  },
  async lookAtOffers(tx, servers, at) {
    await sql`update dialects_offers set look_at = ${at} where server = any(${servers}::text[])`.execute(tables(tx))
  },

  async addMatches(tx, matches) {
    if (matches.length === 0) return
    const rows = matches.map(({ createdAt, ...match }) => ({
      ...{ ...match, prepared: false, reports: false, created_at: createdAt, look_at: createdAt },
    }))
    await tables(tx)
      .insertInto('dialects_matches')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  },
  async takeMatches(tx, now, until, limit) {
    const { rows } = await sql<Tables['dialects_matches']>`
      update dialects_matches set look_at = ${until} where session in (
        select session from dialects_matches where look_at <= ${now} order by look_at limit ${limit}
        for update skip locked)
      returning *`.execute(tables(tx))
    return rows.map(matchOf)
  },
  async lookAtMatch(tx, session, at) {
    await tables(tx).updateTable('dialects_matches').set({ look_at: at }).where('session', '=', session).execute()
  },
  async notePrepared(tx, session, reports) {
    const change = { prepared: true, reports }
    await tables(tx).updateTable('dialects_matches').set(change).where('session', '=', session).execute()
  },
  async removeMatches(tx, sessions) {
    await sql`delete from dialects_matches where session = any(${sessions}::text[])`.execute(tables(tx))
  },
  async matchOf(tx, match) {
    const row = await tables(tx)
      .selectFrom('dialects_matches')
      .selectAll()
      .where('match', '=', match)
      .executeTakeFirst()
    return row === undefined ? null : matchOf(row)
  },
  async matchOfSession(tx, session) {
    const row = await tables(tx)
      .selectFrom('dialects_matches')
      .selectAll()
      .where('session', '=', session)
      .executeTakeFirst()
    return row === undefined ? null : matchOf(row)
  },
  async matchesOf(tx, account, limit) {
    const rows = await tables(tx)
      .selectFrom('dialects_matches')
      .selectAll()
      .where('account', '=', account)
      .orderBy('created_at', 'desc')
      .limit(limit)
      .execute()
    return rows.map(matchOf)
  },
  async offersBy(tx, account) {
    const rows = await tables(tx).selectFrom('dialects_offers').selectAll().where('account', '=', account).execute()
    return rows.map(offerOf)
  },
  async forget(tx, account, now) {
    await sql`
      update dialects_offers set account = '', revoked = true, look_at = ${now} where account = ${account}
    `.execute(tables(tx))
    await sql`update dialects_matches set account = '' where account = ${account}`.execute(tables(tx))
  },
})
