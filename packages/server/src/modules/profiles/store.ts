import type { PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../platform/db.ts'
import { type Migrations, statements } from '../../platform/postgres.ts'

export interface Address {
  player: PlayerId
  collection: string
  key: string
}

export interface StoredObject {
  collection: string
  key: string
  /** JSON text, kept as it was written. */
  value: string
  version: number
  updatedAt: number
}

/** What players store, as atomic verbs. */
export interface ProfilesStore {
  /** Holds off every other change of this player's objects until the transaction ends. */
  lock(tx: Tx, player: PlayerId): Promise<void>
  count(tx: Tx, player: PlayerId): Promise<number>
  read(tx: Tx, at: Address): Promise<StoredObject | null>
  list(tx: Tx, player: PlayerId, collection?: string): Promise<StoredObject[]>
  /** Writes over what is there. Versions only grow, also over deletion, so that no old one fits again. */
  write(tx: Tx, at: Address, value: string, now: number): Promise<number>
  remove(tx: Tx, at: Address): Promise<void>
  removeAll(tx: Tx, player: PlayerId): Promise<void>
  /** Remembers to erase once more. */
  noteErased(tx: Tx, player: PlayerId, againAt: number): Promise<void>
  erasedBefore(tx: Tx, now: number, max: number): Promise<PlayerId[]>
  forgetErased(tx: Tx, player: PlayerId): Promise<void>
}

interface ProfilesTables {
  profiles_objects: {
    player: PlayerId
    collection: string
    key: string
    value: string
    version: number
    updated_at: number
  }
  profiles_erasures: { player: PlayerId; again_at: number }
}

export const profilesMigrations: Migrations = {
  profiles_0001_objects: statements(
    'create sequence profiles_versions',
    `create table profiles_objects (
       player text not null, collection text not null, key text not null, value text not null,
       version bigint not null, updated_at bigint not null, primary key (player, collection, key))`,
    'create table profiles_locks (player text primary key)',
  ),
  profiles_0002_erasures: statements(
    'create table profiles_erasures (player text primary key, again_at bigint not null)',
    'create index profiles_erasures_again on profiles_erasures (again_at)',
  ),
}

const tables = sqlOf<ProfilesTables>

const objectOf = ({ player: _, updated_at, ...object }: ProfilesTables['profiles_objects']): StoredObject => ({
  ...object,
  updatedAt: updated_at,
})

export function sqlProfilesStore(): ProfilesStore {
  const at = (tx: Tx, { player, collection, key }: Address) =>
    tables(tx)
      .selectFrom('profiles_objects')
      .selectAll()
      .where('player', '=', player)
      .where('collection', '=', collection)
      .where('key', '=', key)

  return {
    async lock(tx, player) {
      await sql`insert into profiles_locks (player) values (${player})
        on conflict (player) do update set player = excluded.player`.execute(tables(tx))
    },
    async count(tx, player) {
      const { count } = await tables(tx)
        .selectFrom('profiles_objects')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('player', '=', player)
        .executeTakeFirstOrThrow()
      return count
    },
    async read(tx, address) {
      const row = await at(tx, address).executeTakeFirst()
      return row === undefined ? null : objectOf(row)
    },
    async list(tx, player, collection) {
      let query = tables(tx).selectFrom('profiles_objects').selectAll().where('player', '=', player)
      if (collection !== undefined) query = query.where('collection', '=', collection)
      return (await query.orderBy('collection').orderBy('key').execute()).map(objectOf)
    },
    async write(tx, { player, collection, key }, value, now) {
      const { rows } = await sql<{ version: number }>`insert into profiles_objects
          (player, collection, key, value, version, updated_at)
        values (${player}, ${collection}, ${key}, ${value}, nextval('profiles_versions'), ${now})
        on conflict (player, collection, key) do update
          set value = excluded.value, version = excluded.version, updated_at = excluded.updated_at
        returning version`.execute(tables(tx))
      const [row] = rows
      if (row === undefined) throw new Error('The object was not written.')
      return row.version
    },
    async remove(tx, { player, collection, key }) {
      await tables(tx)
        .deleteFrom('profiles_objects')
        .where('player', '=', player)
        .where('collection', '=', collection)
        .where('key', '=', key)
        .execute()
    },
    async removeAll(tx, player) {
      await tables(tx).deleteFrom('profiles_objects').where('player', '=', player).execute()
      await sql`delete from profiles_locks where player = ${player}`.execute(tables(tx))
    },
    async noteErased(tx, player, againAt) {
      await tables(tx)
        .insertInto('profiles_erasures')
        .values({ player, again_at: againAt })
        .onConflict((conflict) => conflict.column('player').doUpdateSet({ again_at: againAt }))
        .execute()
    },
    async erasedBefore(tx, now, max) {
      const rows = await tables(tx)
        .selectFrom('profiles_erasures')
        .select('player')
        .where('again_at', '<=', now)
        .orderBy('again_at')
        .limit(max)
        .execute()
      return rows.map(({ player }) => player)
    },
    async forgetErased(tx, player) {
      await tables(tx).deleteFrom('profiles_erasures').where('player', '=', player).execute()
    },
  }
}
