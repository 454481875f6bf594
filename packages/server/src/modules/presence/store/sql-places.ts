import type { PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { Claim, Place } from '../domain.ts'
import type { PresenceStore } from '../store.ts'

export interface PlaceTables {
  presence_places: { player: PlayerId; kind: Place['kind']; place: string; since: number }
}

const tables = (tx: Tx) => sqlOf<PlaceTables>(tx)

interface PlaceRow {
  player: PlayerId
  kind: Place['kind']
  place: string
}

const claimOf = ({ player, kind, place }: PlaceRow): Claim => ({ player, place: { kind, id: place } })

/** Claims as columns, for `unnest`. */
const columnsOf = (claims: readonly Claim[]) => ({
  players: claims.map((one) => one.player),
  kinds: claims.map((one) => one.place.kind),
  places: claims.map((one) => one.place.id),
})

export const sqlPlaces: Pick<PresenceStore, 'claim' | 'move' | 'release' | 'placesOf'> = {
  async claim(tx, claims, now) {
    const { players, kinds, places } = columnsOf(claims)
    // The update changes nothing, but takes hold of a row that was there, and returns what it says at that moment.
    const { rows } = await sql<PlaceRow>`
      insert into presence_places (player, kind, place, since)
      select player, kind, place, ${now}::bigint
      from unnest(${players}::text[], ${kinds}::text[], ${places}::text[]) as given (player, kind, place)
      order by player
      on conflict (player) do update set since = presence_places.since
      returning player, kind, place`.execute(tables(tx))
    return rows.map(claimOf)
  },

  async move(tx, moves, now) {
    const from = columnsOf(moves.map(({ player, from }) => ({ player, place: from })))
    const to = columnsOf(moves.map(({ player, to }) => ({ player, place: to })))
    const { rows } = await sql<{ player: PlayerId }>`
      with given as materialized (
        select * from unnest(
          ${from.players}::text[], ${from.kinds}::text[], ${from.places}::text[], ${to.kinds}::text[], ${to.places}::text[]
        ) as given (player, from_kind, from_place, to_kind, to_place)
      ), held as materialized (
        select there.player, given.to_kind, given.to_place
        from presence_places there
        join given on there.player = given.player and there.kind = given.from_kind and there.place = given.from_place
        order by there.player
        for update of there
      )
      update presence_places there set kind = held.to_kind, place = held.to_place, since = ${now}::bigint
      from held where there.player = held.player
      returning there.player`.execute(tables(tx))
    return rows.map((row) => row.player)
  },

  async release(tx, claims) {
    const { players, kinds, places } = columnsOf(claims)
    await sql`
      with given as materialized (
        select * from unnest(${players}::text[], ${kinds}::text[], ${places}::text[]) as given (player, kind, place)
      ), held as materialized (
        select there.player
        from presence_places there
        join given on there.player = given.player and there.kind = given.kind and there.place = given.place
        order by there.player
        for update of there
      )
      delete from presence_places there using held where there.player = held.player`.execute(tables(tx))
  },

  async placesOf(tx, players) {
    const rows = await tables(tx)
      .selectFrom('presence_places')
      .select(['player', 'kind', 'place'])
      .where('player', '=', sql<PlayerId>`any(${players}::text[])`)
      .execute()
    return rows.map(claimOf)
  },
}
