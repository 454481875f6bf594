import type { MatchOffer, PlayerId } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import { type Match, playersOf } from './domain.ts'
import type { Push } from './needs.ts'

/** A match that waits for its players, as one of them is told. */
export const offerOf = (match: Match, player: PlayerId): MatchOffer => ({
  match_id: match.id,
  queue: match.queue,
  mode: match.mode,
  players: playersOf(match).length,
  accepted: match.accepted.length,
  you_accepted: match.accepted.includes(player),
  expires_at: match.expiresAt === null ? null : timeText(match.expiresAt),
})

export const foundPushes = (match: Match): Push[] =>
  playersOf(match).map((player) => ({ player, event: 'match_found', data: offerOf(match, player) }))
