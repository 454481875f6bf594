import type { Order } from './order.ts'
import type { Reach } from './reach.ts'
import type { SettledRules } from './rules.ts'
import type { Shapes } from './shapes.ts'
import { type Slots, slotWaiting } from './slots.ts'
import { nextWideningMs, reachAfter } from './window.ts'

/** The most entries looked at to answer one question. */
const lookedAtMax = 512

export interface Range {
  low: number
  high: number
}

export type WaitingReason =
  /** The whole queue has too few players. */
  | 'too_few_players'
  /** The queue has enough, but not inside this window. */
  | 'no_rating_near'
  /** Inside this window there are enough, but their own windows do not yet reach back. */
  | 'others_too_narrow'
  /** There are enough, but their parties do not add up to full teams. */
  | 'parties_do_not_fit'
  /** Nothing that can be seen from here: the next pass may match it. */
  | 'about_to_match'

export interface Why {
  reason: WaitingReason
  waitedMs: number
  window: Range
  nextWidensAtMs: number | null
  nextWindow: Range | null
  /** Players other than one's own party, counted up to a few hundred entries: inside the window, and suiting both ways. */
  playersInWindow: number
  playersSuiting: number
  /** How many more, alone and of a fitting rating, would make a match; 0 when there are enough. */
  playersNeeded: number
}

/** What keeps an entry waiting. Looks only at a stretch of the order of the last pass, so asking is cheap. */
export function whyWaiting(
  slot: number,
  nowMs: number,
  slots: Slots,
  order: Order,
  width: Reach,
  rules: SettledRules,
  shapes: Shapes,
): Why {
  const { window } = rules
  const rating = slots.rating[slot]!
  const waitedMs = Math.max(0, nowMs - slots.sinceMs[slot]!)
  const initial = width.initialAt(rating)
  const reach = reachAfter(waitedMs, initial, window)
  const nextWidensAtMs = nextWideningMs(slots.sinceMs[slot]!, nowMs, initial, window)
  const nextReach = reachAfter(waitedMs + window.stepS * 1000, initial, window)

  const counts = new Uint16Array(rules.teamSize + 1)
  counts[slots.size[slot]!] = 1
  let playersInWindow = 0
  let playersSuiting = 0
  for (const other of nearest(order, rating, reach)) {
    if (other === slot || slots.state[other] !== slotWaiting) continue
    const size = slots.size[other]!
    const gap = Math.abs(slots.rating[other]! - rating)
    const otherInitial = width.initialAt(slots.rating[other]!)
    playersInWindow += size
    if (gap > reachAfter(nowMs - slots.sinceMs[other]!, otherInitial, window)) continue
    playersSuiting += size
    counts[size]!++
  }

  const own = slots.size[slot]!
  const others = rules.teams * rules.teamSize - own
  const missing = missingPlayers(shapes, counts, own)
  const about: Omit<Why, 'reason' | 'playersNeeded'> = {
    waitedMs,
    window: { low: rating - reach, high: rating + reach },
    nextWidensAtMs,
    nextWindow: nextWidensAtMs === null ? null : { low: rating - nextReach, high: rating + nextReach },
    playersInWindow,
    playersSuiting,
  }
  const inQueue = slots.players - own
  if (inQueue < others) return { reason: 'too_few_players', ...about, playersNeeded: others - inQueue }
  if (playersInWindow < others) return { reason: 'no_rating_near', ...about, playersNeeded: others - playersInWindow }
  if (playersSuiting < others) return { reason: 'others_too_narrow', ...about, playersNeeded: others - playersSuiting }
  if (missing > 0) return { reason: 'parties_do_not_fit', ...about, playersNeeded: missing }
  return { reason: 'about_to_match', ...about, playersNeeded: 0 }
}

/** The slots inside a reach, the nearest first from below and then from above, up to a limit. */
function* nearest(order: Order, rating: number, reach: number): Generator<number> {
  const middle = order.placeOf(rating)
  const lowest = Math.max(0, middle - lookedAtMax / 2)
  for (let i = middle - 1; i >= lowest && rating - order.rating[i]! <= reach; i--) yield order.slot[i]!
  const highest = Math.min(order.count, middle + lookedAtMax / 2)
  for (let i = middle; i < highest && order.rating[i]! - rating <= reach; i++) yield order.slot[i]!
}

function missingPlayers(shapes: Shapes, counts: Uint16Array, own: number): number {
  const withMore = Uint16Array.from(counts)
  const most = shapes.teams * shapes.teamSize
  for (let more = 0; more <= most; more++) {
    if (shapes.fit(withMore, own) !== null) return more
    withMore[1]!++
  }
  return most
}
