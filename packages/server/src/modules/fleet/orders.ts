import { type Assignment, type Kick, Refusal, type ServerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { FleetOptions } from './config.ts'
import type { Credentials } from './credentials.ts'
import { kickIsDone, orderNames, type SeenSession } from './domain.ts'
import type { DirectoryStore, KeptOrders } from './store.ts'

export interface OrdersText {
  assign: Assignment[]
  kick: Kick[]
  drain: boolean
}

/** What a server has to be told, answered to its beats. */
export interface OrderDesk {
  /**
   * With `waitMs`, waits until there is something the server was not told lately. `seen` is what the server says of its
   * sessions; null where it says nothing. Throws SERVER_NOT_FOUND where it went meanwhile.
   */
  ordersFor(server: ServerId, seen: SeenSession[] | null, waitMs: number, signal: AbortSignal): Promise<OrdersText>
}

export interface OrderDeskNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  store: DirectoryStore
  credentials: Credentials
}

export function createOrderDesk(
  { clock, db, wakes, store, credentials }: OrderDeskNeeds,
  options: FleetOptions,
): OrderDesk {
  /** When each order was told last: a beat that waits is not woken again and again by what it has just been told. */
  const toldAt = new Map<string, number>()
  let waiting = 0

  const read = async (server: ServerId): Promise<KeptOrders> => {
    const orders = await db.once((tx) => store.ordersOf(tx, [server]))
    const own = orders.get(server)
    if (own === undefined) throw new Refusal('SERVER_NOT_FOUND')
    return own
  }

  /** Kicks that a server has been told of are done when it no longer lists whom they were about, or after a while. */
  async function settleKicks(server: ServerId, orders: KeptOrders, seen: SeenSession[] | null): Promise<KeptOrders> {
    const forgetBefore = clock.now() - options.kickKeptS * 1_000
    const done = orders.kick.filter(
      (kick) => kick.told && (seen === null ? kick.createdAt < forgetBefore : kickIsDone(kick, seen)),
    )
    if (done.length === 0) return orders
    await db.once((tx) => store.dropKicks(tx, server, done))
    return { ...orders, kick: orders.kick.filter((kick) => !done.includes(kick)) }
  }

  const isNews = (server: ServerId, orders: KeptOrders): boolean => {
    const before = clock.now() - options.retellS * 1_000
    return orderNames(orders).some((name) => (toldAt.get(`${server} ${name}`) ?? 0) <= before)
  }

  async function tell(server: ServerId, orders: KeptOrders): Promise<OrdersText> {
    const now = clock.now()
    for (const name of orderNames(orders)) toldAt.set(`${server} ${name}`, now)
    forgetOld(now)
    const untold = orders.kick.filter((kick) => !kick.told)
    if (untold.length > 0) await db.once((tx) => store.markKicksTold(tx, now, server, untold))
    return {
      assign: orders.assign.map(({ session, mode, slots, brief }) => ({
        ...{ session_id: session, report_token: credentials.reportTokenOf(session), mode, max_players: slots },
        match: brief,
      })),
      kick: orders.kick.map(({ session, player, reason }) => ({
        ...{ session_id: session, reason },
        ...(player === null ? {} : { player_id: player }),
      })),
      drain: orders.drain,
    }
  }

  function forgetOld(now: number) {
    const before = now - options.retellS * 1_000
    for (const [name, at] of toldAt) {
      if (at > before) break
      toldAt.delete(name)
    }
  }

  return {
    async ordersFor(server, seen, waitMs, signal) {
      const until = clock.now() + waitMs
      let orders = await settleKicks(server, await read(server), seen)
      if (waitMs === 0 || waiting >= options.pollsMax) return tell(server, orders)
      waiting++
      try {
        while (!isNews(server, orders) && !signal.aborted) {
          const restMs = until - clock.now()
          if (restMs <= 0) break
          await wakes.wait('server', server, Math.min(restMs, options.lookEveryS * 1_000), signal)
          orders = await read(server)
        }
      } finally {
        waiting--
      }
      return tell(server, orders)
    },
  }
}
