import type { GameId, PlayerId, SessionId } from '@muster/protocol'
import { sqlOf, type Tx } from '../../platform/db.ts'
import { type Migrations, statements } from '../../platform/postgres.ts'

/** A private game: what is known of it beside its session. */
export interface KeptGame {
  id: GameId
  session: SessionId
  /** Opens no other game while this one is open. */
  passcode: string
  mode: string
  /** Null once the account was erased. */
  host: PlayerId | null
  playersMax: number
  createdAt: number
  endedAt: number | null
}

/** What is kept of private games. Every verb is atomic. */
export interface GamesStore {
  /** False where an open game has that passcode. */
  insert(tx: Tx, game: KeptGame): Promise<boolean>
  read(tx: Tx, id: GameId): Promise<KeptGame | null>
  openBy(tx: Tx, passcode: string): Promise<KeptGame | null>
  ofSession(tx: Tx, session: SessionId): Promise<KeptGame | null>
  /** Open ones, by id after `after`. */
  open(tx: Tx, after: GameId | null, limit: number): Promise<KeptGame[]>
  end(tx: Tx, ids: readonly GameId[], at: number): Promise<void>
  /** The player may not come back. */
  ban(tx: Tx, game: GameId, player: PlayerId): Promise<void>
  isBanned(tx: Tx, game: GameId, player: PlayerId): Promise<boolean>
  hostedBy(tx: Tx, player: PlayerId): Promise<KeptGame[]>
  erase(tx: Tx, player: PlayerId): Promise<void>
  /** Deletes up to `limit` games that ended before `before`; tells how many. */
  removeEnded(tx: Tx, before: number, limit: number): Promise<number>
}

interface GameRow {
  id: GameId
  session: SessionId
  passcode: string
  mode: string
  host: PlayerId | null
  players_max: number
  created_at: number
  ended_at: number | null
}

interface GamesTables {
  games_games: GameRow
  games_banned: { game: GameId; player: PlayerId }
}

export const gamesMigrations: Migrations = {
  games_0001_games: statements(
    `create table games_games (
       id text primary key,
       session text not null unique,
       passcode text not null,
       mode text not null,
       host text,
       players_max integer not null,
       created_at bigint not null,
       ended_at bigint)`,
    'create unique index games_passcode on games_games (passcode) where ended_at is null',
    'create index games_open on games_games (id) where ended_at is null',
    'create index games_ended on games_games (ended_at) where ended_at is not null',
    'create index games_host on games_games (host) where host is not null',
    `create table games_banned (
       game text not null references games_games (id) on delete cascade,
       player text not null,
       primary key (game, player))`,
    'create index games_banned_player on games_banned (player)',
  ),
}

const tables = (tx: Tx) => sqlOf<GamesTables>(tx)

const gameOf = (row: GameRow): KeptGame => ({
  ...{ id: row.id, session: row.session, passcode: row.passcode, mode: row.mode, host: row.host },
  ...{ playersMax: row.players_max, createdAt: row.created_at, endedAt: row.ended_at },
})

/** Private games in PostgreSQL. */
export const sqlGamesStore = (): GamesStore => ({
  async insert(tx, game) {
    const row = await tables(tx)
      .insertInto('games_games')
      .values({
        ...{ id: game.id, session: game.session, passcode: game.passcode, mode: game.mode, host: game.host },
        ...{ players_max: game.playersMax, created_at: game.createdAt, ended_at: game.endedAt },
      })
      .onConflict((conflict) => conflict.column('passcode').where('ended_at', 'is', null).doNothing())
      .returning('id')
      .executeTakeFirst()
    return row !== undefined
  },
  async read(tx, id) {
    const row = await tables(tx).selectFrom('games_games').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : gameOf(row)
  },
  async openBy(tx, passcode) {
    const row = await tables(tx)
      .selectFrom('games_games')
      .selectAll()
      .where('passcode', '=', passcode)
      .where('ended_at', 'is', null)
      .executeTakeFirst()
    return row === undefined ? null : gameOf(row)
  },
  async ofSession(tx, session) {
    const row = await tables(tx).selectFrom('games_games').selectAll().where('session', '=', session).executeTakeFirst()
    return row === undefined ? null : gameOf(row)
  },
  async open(tx, after, limit) {
    const rows = await tables(tx)
      .selectFrom('games_games')
      .selectAll()
      .where('ended_at', 'is', null)
      .where('id', '>', (after ?? '') as GameId)
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(gameOf)
  },
  async end(tx, ids, at) {
    if (ids.length === 0) return
    await tables(tx)
      .updateTable('games_games')
      .set({ ended_at: at })
      .where('id', 'in', [...ids])
      .where('ended_at', 'is', null)
      .execute()
  },
  async ban(tx, game, player) {
    await tables(tx)
      .insertInto('games_banned')
      .values({ game, player })
      .onConflict((conflict) => conflict.columns(['game', 'player']).doNothing())
      .execute()
  },
  async isBanned(tx, game, player) {
    const row = await tables(tx)
      .selectFrom('games_banned')
      .select('player')
      .where('game', '=', game)
      .where('player', '=', player)
      .executeTakeFirst()
    return row !== undefined
  },
  async hostedBy(tx, player) {
    const rows = await tables(tx)
      .selectFrom('games_games')
      .selectAll()
      .where('host', '=', player)
      .orderBy('id')
      .execute()
    return rows.map(gameOf)
  },
  async erase(tx, player) {
    await tables(tx).updateTable('games_games').set({ host: null }).where('host', '=', player).execute()
    await tables(tx).deleteFrom('games_banned').where('player', '=', player).execute()
  },
  async removeEnded(tx, before, limit) {
    const removed = await tables(tx)
      .deleteFrom('games_games')
      .where('id', 'in', (query) =>
        query
          .selectFrom('games_games')
          .select('id')
          .where('ended_at', '<', before)
          .orderBy('ended_at')
          .limit(limit)
          .forUpdate()
          .skipLocked(),
      )
      .executeTakeFirst()
    return Number(removed.numDeletedRows)
  },
})
