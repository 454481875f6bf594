import type { PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { KeptPush, PresenceStore, Wanted } from '../store.ts'
import type { PlaceTables } from './sql-places.ts'

interface PushTables extends PlaceTables {
  presence_inboxes: { player: PlayerId; last_seq: number }
  presence_pushes: { player: PlayerId; seq: number; event: string; data: Buffer; at: number }
}

const tables = (tx: Tx) => sqlOf<PushTables>(tx)

const columnsOf = (wanted: readonly Wanted[]) => ({
  players: wanted.map((one) => one.player),
  afters: wanted.map((one) => one.after),
})

export const sqlPushes: Omit<PresenceStore, 'claim' | 'move' | 'release' | 'placesOf'> = {
  async append(tx, pushes, now, keptMax) {
    const players = pushes.map((one) => one.player)
    const events = pushes.map((one) => one.event)
    const data = pushes.map((one) => Buffer.from(one.data))
    await sql`
      with given as materialized (
        select * from unnest(${players}::text[], ${events}::text[], ${data}::bytea[])
          with ordinality as given (player, event, data, at)
      ), counted as materialized (
        select player, count(*) as pushes from given group by player
      ), numbered as (
        insert into presence_inboxes (player, last_seq)
        select player, pushes from counted order by player
        on conflict (player) do update set last_seq = presence_inboxes.last_seq + excluded.last_seq
        returning player, last_seq
      ), dropped as (
        delete from presence_pushes old using numbered join counted using (player)
        where old.player = numbered.player and old.seq <= numbered.last_seq - ${keptMax}::bigint
          and old.seq > numbered.last_seq - ${keptMax}::bigint - counted.pushes
      )
      insert into presence_pushes (player, seq, event, data, at)
      select player, last_seq - pushes + row_number() over (partition by player order by given.at),
        event, data, ${now}::bigint
      from given join counted using (player) join numbered using (player)`.execute(tables(tx))
  },

  async standingsOf(tx, asked) {
    const players = asked.map((one) => one.player)
    const afters = asked.map((one) => one.after)
    const { rows } = await sql<{ last: number; kept: number }>`
      select coalesce(inbox.last_seq, 0) as last,
        (select count(*) from presence_pushes push where push.player = asked.player and push.seq > asked.after) as kept
      from unnest(${players}::text[], ${afters}::bigint[]) with ordinality as asked (player, after, at)
      left join presence_inboxes inbox on inbox.player = asked.player
      order by asked.at`.execute(tables(tx))
    return rows
  },

  async pushesAfter(tx, wanted, max) {
    const { players, afters } = columnsOf(wanted)
    const { rows } = await sql<KeptPush>`
      select push.player, push.seq, push.event, push.data
      from unnest(${players}::text[], ${afters}::bigint[]) as wanted (player, after)
      cross join lateral (
        select player, seq, event, data from presence_pushes
        where player = wanted.player and seq > wanted.after order by seq limit ${max}
      ) push
      order by push.player, push.seq`.execute(tables(tx))
    return rows
  },

  async behind(tx, wanted) {
    const { players, afters } = columnsOf(wanted)
    const { rows } = await sql<{ player: PlayerId }>`
      select wanted.player
      from unnest(${players}::text[], ${afters}::bigint[]) as wanted (player, after)
      join presence_inboxes inbox on inbox.player = wanted.player
      where inbox.last_seq > wanted.after`.execute(tables(tx))
    return rows.map((row) => row.player)
  },

  async dropPushes(tx, beforeMs, max) {
    // Several nodes drop at once; each leaves alone what another has hold of.
    const { numAffectedRows } = await sql`
      delete from presence_pushes push using (
        select player, seq from presence_pushes where at < ${beforeMs}::bigint
        order by at limit ${max} for update skip locked
      ) old
      where push.player = old.player and push.seq = old.seq`.execute(tables(tx))
    return Number(numAffectedRows ?? 0)
  },

  async personalOf(tx, player) {
    const place = await tables(tx)
      .selectFrom('presence_places')
      .select(['kind', 'place as id'])
      .where('player', '=', player)
      .executeTakeFirst()
    const pushes = await tables(tx)
      .selectFrom('presence_pushes')
      .select(['event', 'at'])
      .where('player', '=', player)
      .orderBy('seq')
      .execute()
    return { place: place ?? null, pushes }
  },

  async erase(tx, player) {
    await tables(tx).deleteFrom('presence_places').where('player', '=', player).execute()
    await tables(tx).deleteFrom('presence_inboxes').where('player', '=', player).execute()
    await tables(tx).deleteFrom('presence_pushes').where('player', '=', player).execute()
  },
}
