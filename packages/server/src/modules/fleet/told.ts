import type { ServerId } from '@muster/protocol'
import { type Orders, orderNames } from './domain.ts'

/** Remembers which orders a server was told lately, so that a waiting beat is not answered with them again at once. Kept
 *  by this process alone: forgetting it only means telling again. */
export interface Told {
  /** Something in these orders was not told within the time. */
  isNews(server: ServerId, orders: Orders, now: number): boolean
  note(server: ServerId, orders: Orders, now: number): void
  forgetOld(now: number): void
}

export function createTold(retellMs: number): Told {
  const told = new Map<ServerId, Map<string, number>>()
  return {
    isNews(server, orders, now) {
      const known = told.get(server)
      return orderNames(orders).some((name) => (known?.get(name) ?? Number.NEGATIVE_INFINITY) + retellMs <= now)
    },
    note(server, orders, now) {
      const names = orderNames(orders)
      if (names.length === 0) told.delete(server)
      else told.set(server, new Map(names.map((name) => [name, now])))
    },
    forgetOld(now) {
      for (const [server, names] of told) {
        if ([...names.values()].every((at) => at + retellMs <= now)) told.delete(server)
      }
    },
  }
}
