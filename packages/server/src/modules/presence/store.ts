import type { PlayerId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import { type Migrations, statements } from '../../platform/postgres.ts'
import type { Claim, Move, Place, Standing } from './domain.ts'
import { sqlPlaces } from './store/sql-places.ts'
import { sqlPushes } from './store/sql-pushes.ts'

/** A push as it is kept: numbered by player, its data sealed. */
export interface KeptPush {
  player: PlayerId
  seq: number
  event: string
  data: Uint8Array
}

/** Everything a player's seq is compared with: pushes after `after`. */
export interface Wanted {
  player: PlayerId
  after: number
}

/** What presence keeps. Each verb is atomic within `tx`, and takes rows in the order of their players. */
export interface PresenceStore {
  /** Where each of the players is now, their rows held until the transaction ends: at the place claimed, or where they
   *  were before. No player twice. */
  claim(tx: Tx, claims: readonly Claim[], now: number): Promise<Claim[]>
  /** Those that were at `from`, and are at `to` now. */
  move(tx: Tx, moves: readonly Move[], now: number): Promise<PlayerId[]>
  /** Only those still there leave. */
  release(tx: Tx, claims: readonly Claim[]): Promise<void>
  placesOf(tx: Tx, players: readonly PlayerId[]): Promise<Claim[]>

  /** Numbers each player's pushes after the last one, without a gap, and keeps them. Until the transaction ends nobody
   *  else can number for these players, so pushes become visible in their order. Beyond `keptMax` the oldest go. */
  append(
    tx: Tx,
    pushes: readonly { player: PlayerId; event: string; data: Uint8Array }[],
    now: number,
    keptMax: number,
  ): Promise<void>
  /** In the order asked; `after` null where nothing is to be replayed. */
  standingsOf(tx: Tx, asked: readonly { player: PlayerId; after: number | null }[]): Promise<Standing[]>
  /** By player and number; at most `max` for each player. */
  pushesAfter(tx: Tx, wanted: readonly Wanted[], max: number): Promise<KeptPush[]>
  /** Those for whom there are pushes after. */
  behind(tx: Tx, wanted: readonly Wanted[]): Promise<PlayerId[]>
  /** Drops at most `max` pushes from before `beforeMs`, and tells how many. */
  dropPushes(tx: Tx, beforeMs: number, max: number): Promise<number>

  personalOf(tx: Tx, player: PlayerId): Promise<{ place: Place | null; pushes: { event: string; at: number }[] }>
  erase(tx: Tx, player: PlayerId): Promise<void>
}

export const presenceMigrations: Migrations = {
  presence_0001_places: statements(
    `create table presence_places (
       player text primary key, kind text not null, place text not null, since bigint not null)
       with (fillfactor = 80)`,
  ),
  presence_0002_pushes: statements(
    'create table presence_inboxes (player text primary key, last_seq bigint not null) with (fillfactor = 80)',
    `create table presence_pushes (
       player text not null, seq bigint not null, event text not null, data bytea not null, at bigint not null,
       primary key (player, seq))`,
    'create index presence_pushes_at on presence_pushes (at)',
  ),
}

export const sqlPresenceStore = (): PresenceStore => ({ ...sqlPlaces, ...sqlPushes })
