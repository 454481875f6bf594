import type { Entry as EntryText, PlayerId } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Entry, Match } from './domain.ts'
import type { MatchmakingNeeds } from './needs.ts'
import { offerOf } from './offer-text.ts'

/** An entry with the match that it is in, or was in last. */
export interface Reading {
  entry: Entry
  match: Match | null
}

/** Matched, but not told where to play yet, is still `match_found`: all players of a match are told at once. */
export function statusOf({ entry, match }: Reading): EntryText['status'] {
  switch (entry.state) {
    case 'searching':
      return 'searching'
    case 'matched':
      return 'match_found'
    case 'confirmed':
      return match?.told ? 'match_confirmed' : 'match_found'
    case 'closed':
      return 'cancelled'
  }
}

/** Names what the player can see of the entry: another revision, another state. */
export const revisionOf = ({ entry, match }: Reading): string =>
  `${entry.id}.${entry.version}.${entry.state === 'closed' ? 0 : (match?.version ?? 0)}`

/** What is told beyond the rows. */
export type Extras = Pick<EntryText, 'estimate_s' | 'match' | 'ticket' | 'connect_token' | 'why'>

export function entryText(reading: Reading, player: PlayerId, extras: Extras): EntryText {
  const { entry, match } = reading
  const status = statusOf(reading)
  const created_at = timeText(entry.createdAt)
  return {
    entry_id: entry.id,
    status,
    queues: entry.queues,
    created_at,
    waiting_since: entry.waitingSince === entry.createdAt ? created_at : timeText(entry.waitingSince),
    revision: revisionOf(reading),
    ...(entry.reason === null ? {} : { reason: entry.reason }),
    ...(entry.state === 'matched' && match !== null ? { offer: offerOf(match, player) } : {}),
    ...(status === 'match_found' && match !== null ? { match: { match_id: match.id } } : {}),
    ...extras,
  }
}

/** What the players of a match are told when they may come in. */
export const toldOf = ({ match, ticket, connect_token }: NonNullable<Awaited<ReturnType<AdmissionOf>>>) => ({
  ...{ match, ticket },
  ...(connect_token === undefined ? {} : { connect_token }),
})
type AdmissionOf = MatchmakingNeeds['admissionOf']
