import type { PlayerId, ServerId, SessionId } from '@muster/protocol'
import { rowsIn } from '../../../platform/memory-db/index.ts'
import { type KickOrder, strayReason } from '../domain.ts'
import type { DirectoryStore, KeptOrders } from '../store.ts'
import { allocations, type KeptAllocation, kickKey, kicks, servers } from './tables.ts'
import { change, removeAll } from './writes.ts'

const byAge = (a: KeptAllocation, b: KeptAllocation) =>
  a.created_at - b.created_at || (a.session < b.session ? -1 : a.session > b.session ? 1 : 0)

export const memoryOrders = (): Pick<DirectoryStore, 'ordersOf' | 'straysOf' | 'markKicksTold' | 'dropKicks'> => ({
  async ordersOf(tx, ids) {
    const directory = rowsIn(tx, servers)
    const allocated = rowsIn(tx, allocations)
    const kicked = rowsIn(tx, kicks)
    const orders = new Map<ServerId, KeptOrders>()
    for (const id of ids) {
      const server = directory.get(id)
      if (server === null || server.state === 'gone') continue
      const assign = allocated
        .by('unready', id)
        .sort(byAge)
        .map(({ session, mode, slots, brief }) => ({
          ...{ session: session as SessionId, mode, slots, brief: JSON.parse(brief) as unknown },
        }))
      const kick = kicked
        .by('server', id)
        .sort((a, b) => a.created_at - b.created_at)
        .map(({ session, player, reason, created_at, told_at }) => ({
          ...{ session: session as SessionId, player: player === '' ? null : (player as PlayerId), reason },
          ...{ createdAt: created_at, told: told_at !== null },
        }))
      orders.set(id, { instance: server.instance, assign, kick, drain: server.state === 'draining' })
    }
    return orders
  },

  async straysOf(tx, named) {
    const allocated = rowsIn(tx, allocations)
    const strays = new Map<ServerId, KickOrder[]>()
    for (const server of new Set(named.map((one) => one.server))) {
      const sessions = new Set(named.flatMap((one) => (one.server === server ? [one.session] : [])))
      const kicks = [...sessions].flatMap((session): KickOrder[] => {
        const kept = allocated.get(session)
        const row = kept?.server === server ? kept : null
        if (row !== null && row.ended_at === null) return []
        const reason = row?.cause ?? row?.detail ?? strayReason
        return [{ session, player: null, reason, createdAt: row?.ended_at ?? 0 }]
      })
      const inOrder = (a: KickOrder, b: KickOrder) => a.createdAt - b.createdAt || (a.session < b.session ? -1 : 1)
      if (kicks.length > 0) strays.set(server, kicks.sort(inOrder))
    }
    return strays
  },

  async markKicksTold(tx, now, server, told) {
    await change(
      rowsIn(tx, kicks),
      told.map(({ session, player }) => kickKey(server, session, player)),
      (row) => row.told_at === null,
      (row) => ({ ...row, told_at: now }),
    )
  },

  async dropKicks(tx, server, dropped) {
    const rows = rowsIn(tx, kicks)
    const found = dropped.map(({ session, player }) => rows.get(kickKey(server, session, player)))
    await removeAll(
      rows,
      kicks,
      found.filter((row) => row !== null),
    )
  },
})
