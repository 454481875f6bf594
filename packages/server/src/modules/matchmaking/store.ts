import type { EntryId, MatchId, PlayerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import type { Asks, Entry, EntryState, Match, MatchState, Reason, Waiter } from './domain.ts'
import type { Hold } from './hold.ts'
import type { Strikes } from './pause.ts'
import { sqlEntries } from './store/sql-entries.ts'
import { sqlMatches } from './store/sql-matches.ts'
import { sqlPlayers } from './store/sql-players.ts'

export type NewEntry = Pick<Entry, 'id' | 'players' | 'queues' | 'ratings' | 'waitingSince'> & { asks: Asks | null }

/** A page of what was read in the order of `changed`. */
export interface Page<Item> {
  items: Item[]
  /** Read on from here; null where there is no more. */
  next: string | null
}

/** That an entry searches, and since which version. */
export type News = Pick<Entry, 'id' | 'version'>

/** What happens to an entry whose match moves on or falls through. */
export interface EntryChange {
  entry: EntryId
  match: MatchId
  from: EntryState
  to: EntryState
  reason: Reason | null
  /** Somebody of it was just heard of, wherever it was. */
  heard?: boolean
}

export interface MatchChange {
  state?: MatchState
  reason?: Reason | null
  session?: SessionId | null
  accepted?: PlayerId[]
  leavers?: PlayerId[]
  told?: boolean
  /** When it is to be looked at; of no matter once it has ended. */
  dueAt?: number
}

export interface EntryStore {
  /** Adds entries that search; answers which. Those that are there already stay as they are. */
  addEntries(tx: Tx, entries: readonly NewEntry[]): Promise<EntryId[]>
  entriesOf(tx: Tx, ids: readonly EntryId[]): Promise<Entry[]>
  /** Everything that is written before this is final: no transaction that is still under way can add to it. */
  settled(tx: Tx): Promise<string>
  /** Entries that search, in the order in which they can be read without missing any. From the beginning with null. */
  searching(tx: Tx, from: string | null, max: number): Promise<Page<Waiter>>
  /** Those of them that search. */
  waitersOf(tx: Tx, ids: readonly EntryId[]): Promise<Waiter[]>
  /** The same, of those that were added or came back from `from` on, and only so much that one can tell what is new. */
  news(tx: Tx, from: string, max: number): Promise<Page<News>>
  /** Those of the matches all of whose entries still search: they are `to` now. The others stay as they are. */
  takeForMatches(
    tx: Tx,
    proposals: readonly { match: MatchId; entries: readonly EntryId[] }[],
    to: 'matched' | 'confirmed',
  ): Promise<MatchId[]>
  /**
   * Each only if it is still in `from` and in that match; answers those that were. Who comes back goes to the front, and
   * counts as heard of now where it was `heard`. Otherwise it counts, the first time that it comes back since it was heard
   * of, as heard of no earlier than `excusedTo`; from then on until it is heard of, coming back says nothing.
   */
  changeEntries(tx: Tx, changes: readonly EntryChange[], now: number, excusedTo: number): Promise<EntryId[]>
  /** Closes those that search, and that were not heard of since `unseenSince` where that is given. */
  closeSearching(tx: Tx, ids: readonly EntryId[], reason: Reason, unseenSince?: number): Promise<Entry[]>
  /** Their players were heard of; only those that are not closed and were not heard of since `unseenSince`. */
  touch(tx: Tx, ids: readonly EntryId[], now: number, unseenSince: number): Promise<void>
  /** Players that wait, by queue. */
  countSearching(tx: Tx): Promise<Map<string, number>>
  /** Drops closed entries with ids before this one, at most `max`; tells how many. */
  dropClosed(tx: Tx, before: EntryId, max: number): Promise<number>
}

export interface MatchStore {
  addMatches(tx: Tx, matches: readonly (Match & { dueAt: number })[]): Promise<void>
  /** Its row is held until the transaction ends. */
  lockMatch(tx: Tx, id: MatchId): Promise<Match | null>
  matchesOf(tx: Tx, ids: readonly MatchId[]): Promise<Match[]>
  matchesOfSessions(tx: Tx, sessions: readonly SessionId[]): Promise<Match[]>
  /** Its row must be held. */
  changeMatch(tx: Tx, id: MatchId, change: MatchChange, now: number): Promise<void>
  /** Matches that are offered or confirmed and to be looked at by now. Until `again` they are this caller's to look at. */
  takeDue(tx: Tx, now: number, again: number, max: number): Promise<Match[]>
  postpone(tx: Tx, ids: readonly MatchId[], dueAt: number): Promise<void>
  dropEnded(tx: Tx, before: MatchId, max: number): Promise<number>
}

export interface PlayerStore {
  /** Those who must wait before they search again, with the end of it. */
  pausesOf(tx: Tx, players: readonly PlayerId[], now: number): Promise<Map<PlayerId, number>>
  strikesOf(tx: Tx, player: PlayerId): Promise<Strikes | null>
  /** The last entry of each whose match was confirmed, or that was closed. */
  noteLast(tx: Tx, entries: readonly { player: PlayerId; entry: EntryId }[], now: number): Promise<void>
  /** Holds the players' rows, and writes what `strike` makes of what is remembered of them. */
  strike(tx: Tx, players: readonly PlayerId[], strike: (before: Strikes | null) => Strikes): Promise<void>
  lastEntryOf(tx: Tx, player: PlayerId): Promise<EntryId | null>
  forget(tx: Tx, player: PlayerId): Promise<void>
  /** Walks over the players and drops what is of no more use; answers where to go on, null at the end. */
  dropPlayers(tx: Tx, after: PlayerId | null, max: number, before: number): Promise<PlayerId | null>

  holds(tx: Tx): Promise<Hold[]>
  /** Holds the mode's row, and keeps what `change` makes of it; null forgets it. */
  changeHold(tx: Tx, mode: string, change: (before: Hold | null) => Hold | null): Promise<void>
}

/** What matchmaking keeps. Each verb is atomic within `tx`, and takes rows in the order of their ids. */
export type MatchmakingStore = EntryStore & MatchStore & PlayerStore

export const sqlMatchmakingStore = (): MatchmakingStore => ({ ...sqlEntries, ...sqlMatches, ...sqlPlayers })
