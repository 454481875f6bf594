import type { EntryId, MatchId, PlayerId, SessionId } from '@muster/protocol'
import { memoryTable } from '../../../platform/memory-db/index.ts'
import type { Entry, Match } from '../domain.ts'
import type { Hold } from '../hold.ts'

export interface EntryRow extends Entry {
  /** When it last came back from a match. */
  returnedAt: number
  /** The number of the transaction that last sent it to search. */
  changed: number
}

export interface MatchRow extends Match {
  dueAt: number
  changedAt: number
}

/** A session has one match. */
export interface SessionRow {
  session: SessionId
  match: MatchId
}

export interface PlayerRow {
  player: PlayerId
  entry: EntryId | null
  changedAt: number
  strikes: number
  struckAt: number
  pausedUntil: number
}

const none: readonly string[] = []
const live: readonly string[] = ['live']
const searching: readonly string[] = ['searching']

/** The noun and six of the ten letters of time: a quarter of an hour. */
const ageLetters = 12
/** Ids that begin alike are of one age, and ages sort as their ids do. */
export const ageOf = (id: EntryId | MatchId): string => id.slice(0, ageLetters)

export const isLive = ({ state }: Pick<Match, 'state'>): boolean => state === 'offered' || state === 'confirmed'

export const entryTable = memoryTable<EntryRow>('matchmaking_entries', (row) => row.id, {
  searching: (row) => (row.state === 'searching' ? searching : none),
  closed: (row) => (row.state === 'closed' ? [ageOf(row.id)] : none),
})
export const matchTable = memoryTable<MatchRow>('matchmaking_matches', (row) => row.id, {
  live: (row) => (isLive(row) ? live : none),
  ended: (row) => (isLive(row) ? none : [ageOf(row.id)]),
})
export const sessionTable = memoryTable<SessionRow>('matchmaking_matches_session_id_key', (row) => row.session)
export const playerTable = memoryTable<PlayerRow>('matchmaking_players', (row) => row.player)
export const holdTable = memoryTable<Hold>('matchmaking_holds', (row) => row.mode)
