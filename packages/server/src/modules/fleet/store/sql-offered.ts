import type { KeyId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import { type KeptState, modesOffered } from '../domain.ts'
import type { OfferedStore } from '../store.ts'
import { freeSlots } from './free-slots.ts'
import type { FleetTables } from './tables.ts'

const tables = (tx: Tx) => sqlOf<FleetTables>(tx)

export const sqlOffered = (): OfferedStore => ({
  async reopen(tx, { id, key, region, modes, maps, capacity }) {
    const { rows } = await sql`
      update fleet_servers s set state = 'ready', region = ${region}, modes = ${[...modes]}::text[],
        capacity = greatest(${capacity}::integer, s.reserved)
      where s.id = ${id} and s.key = ${key} and s.state in ('ready', 'draining')
      returning s.id`.execute(tables(tx))
    if (rows.length === 0) return false
    const offers = modesOffered({ modes, maps })
    await sql`delete from fleet_offers where server = ${id} and mode <> all(${offers}::text[])`.execute(tables(tx))
    await sql`
      insert into fleet_offers (server, mode, region, free)
      select s.id, mode, s.region, ${sql.raw(freeSlots)}
      from fleet_servers s, unnest(${offers}::text[]) as mode where s.id = ${id}
      on conflict (server, mode) do update set region = excluded.region, free = excluded.free`.execute(tables(tx))
    return true
  },

  async standingsOf(tx, servers) {
    const { rows } = await sql<{
      id: string
      instance: string
      key: KeyId | null
      state: Exclude<KeptState, 'gone'>
      sessions: number
      prepared: number
    }>`
      select s.id, s.instance, s.key, s.state, count(a.session)::integer as sessions,
        count(a.ready_at)::integer as prepared
      from fleet_servers s left join fleet_allocations a on a.server = s.id and a.ended_at is null
      where s.id = any(${servers}::text[]) and s.state <> 'gone'
      group by s.id, s.instance, s.key, s.state`.execute(tables(tx))
    return new Map(rows.map(({ id, ...standing }) => [id, standing]))
  },
})
