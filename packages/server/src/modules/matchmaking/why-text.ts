import type { matchmakingContracts } from '@muster/protocol'
import type { Static } from 'typebox'
import { timeText } from '../../platform/clock.ts'
import type { Entry } from './domain.ts'
import type { WaitingReason, Why } from './engine/index.ts'
import type { Queue } from './queues.ts'
import type { Rest } from './rests.ts'

export type WhyText = Static<typeof matchmakingContracts.Why>

const says: Readonly<Record<WaitingReason, (why: Why) => string>> = {
  too_few_players: ({ playersNeeded }) => `${more(playersNeeded)} must join this queue.`,
  no_rating_near: ({ playersNeeded }) => `${more(playersNeeded)} with a rating inside your window must come.`,
  others_too_narrow: () => 'There are players inside your window, but theirs do not reach to you yet.',
  parties_do_not_fit: () => 'There are enough players, but their parties do not add up to full teams.',
  about_to_match: () => 'There is a match in sight.',
}

const more = (count: number): string => (count === 1 ? '1 more player' : `${count} more players`)

const upper = (reason: string): string => reason.toUpperCase()

/** Where nothing is rated, everybody who waits is inside every window: who seems not to be has come since the last pass. */
const unratedReason = (reason: WaitingReason): WaitingReason =>
  reason === 'no_rating_near' || reason === 'others_too_narrow' ? 'about_to_match' : reason

/** What the engine says of an entry, in words for its player. A queue without a board has no ratings to speak of. */
export function whyText(queue: Queue, why: Why): WhyText {
  const { window, nextWidensAtMs, playersInWindow } = why
  const reason = queue.board === null ? unratedReason(why.reason) : why.reason
  return {
    queue: queue.name,
    reason: upper(reason),
    detail: says[reason](why),
    window: queue.board === null ? null : window,
    candidates: playersInWindow,
    widens_at: queue.board === null || nextWidensAtMs === null ? null : timeText(nextWidensAtMs),
  }
}

/** The mode's matches find no server at present. */
export const noServerText = (queue: Queue, { cause, says, until }: Rest, candidates: number): WhyText => ({
  queue: queue.name,
  reason: upper(cause),
  detail: `The last match of ${queue.mode} came to nothing. ${says} It is tried again shortly.`,
  window: null,
  candidates,
  widens_at: timeText(until),
})

/** What can be said without the matching process: from the rows, and from how many are known to wait. */
export function roughWhy(queue: Queue, entry: Entry, playersWaiting: number, now: number): WhyText {
  const { initial, perSecond, max, stepS } = queue.window
  const rating = entry.ratings[entry.queues.indexOf(queue.name)] ?? 0
  const steps = Math.floor(Math.max(0, now - entry.waitingSince) / (stepS * 1_000))
  const reach = Math.min(max ?? Number.POSITIVE_INFINITY, initial + perSecond * stepS * steps)
  const isWidest = perSecond === 0 || reach === max
  const missing = queue.leastPlayers - playersWaiting
  const rated = queue.board !== null
  return {
    queue: queue.name,
    reason: missing > 0 ? 'TOO_FEW_PLAYERS' : rated ? 'NO_RATING_NEAR' : 'ABOUT_TO_MATCH',
    detail: missing > 0 ? `${more(missing)} must join this queue.` : 'You are waiting for players that suit you.',
    window: rated ? { low: rating - reach, high: rating + reach } : null,
    candidates: Math.max(0, playersWaiting - entry.players.length),
    widens_at: rated && !isWidest ? timeText(entry.waitingSince + (steps + 1) * stepS * 1_000) : null,
  }
}
