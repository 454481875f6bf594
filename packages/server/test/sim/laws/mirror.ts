import type { PlayerId } from '@muster/protocol'
import type { KeptAllocation, KeptServer } from '../../../src/modules/fleet/memory-store/tables.ts'
import type { EntryRow, MatchRow } from '../../../src/modules/matchmaking/memory-store/tables.ts'
import type { PlaceRow } from '../../../src/modules/presence/memory-store/tables.ts'
import type { ResultEvent } from '../../../src/modules/results/domain.ts'
import type { StandingRow } from '../../../src/modules/results/memory-store/tables.ts'
import type {
  SeatRow as KeptSeatRow,
  SessionRow as KeptSessionRow,
} from '../../../src/modules/sessions/memory-store/tables.ts'
import type { Seat } from '../../../src/modules/sessions/seats.ts'
import type { Commit } from '../../../src/platform/memory-db/index.ts'

export type { KeptAllocation, KeptServer } from '../../../src/modules/fleet/memory-store/tables.ts'
export type { EntryRow, MatchRow } from '../../../src/modules/matchmaking/memory-store/tables.ts'
export type { PlaceRow } from '../../../src/modules/presence/memory-store/tables.ts'
export type { ResultEvent } from '../../../src/modules/results/domain.ts'
export type { SeatRow, SessionRow } from '../../../src/modules/sessions/memory-store/tables.ts'
export type Session = KeptSessionRow['kept']

/** The committed rows that the laws speak of, by their own keys, as they are now. */
export class Mirror {
  readonly places = new Map<string, PlaceRow>()
  readonly entries = new Map<string, EntryRow>()
  readonly matches = new Map<string, MatchRow>()
  readonly sessions = new Map<string, Session>()
  readonly seats = new Map<string, Map<PlayerId, Seat>>()
  readonly servers = new Map<string, KeptServer>()
  readonly allocations = new Map<string, KeptAllocation>()
  readonly events = new Map<string, ResultEvent>()
  readonly standings = new Map<string, StandingRow>()
  /** Entries that are not closed, by player. */
  readonly open = new Map<PlayerId, Map<string, EntryRow>>()
  /** Live allocations, by server. */
  readonly held = new Map<string, Map<string, KeptAllocation>>()

  apply({ changes }: Commit): void {
    for (const { table, key, before, after } of changes) {
      switch (table) {
        case 'presence_places':
          put(this.places, key, after as PlaceRow | null)
          break
        case 'matchmaking_entries':
          put(this.entries, key, after as EntryRow | null)
          this.#enter(before as EntryRow | null, after as EntryRow | null)
          break
        case 'matchmaking_matches':
          put(this.matches, key, after as MatchRow | null)
          break
        case 'sessions_sessions':
          put(this.sessions, key, (after as KeptSessionRow | null)?.kept ?? null)
          break
        case 'sessions_seats':
          this.#seat(before as KeptSeatRow | null, after as KeptSeatRow | null)
          break
        case 'fleet_servers':
          put(this.servers, key, after as KeptServer | null)
          break
        case 'fleet_allocations':
          put(this.allocations, key, after as KeptAllocation | null)
          this.#hold(before as KeptAllocation | null, after as KeptAllocation | null)
          break
        case 'results_events':
          put(this.events, key, after as ResultEvent | null)
          break
        case 'results_standings':
          put(this.standings, key, after as StandingRow | null)
          break
      }
    }
  }

  #enter(before: EntryRow | null, after: EntryRow | null): void {
    for (const player of before?.players ?? []) this.open.get(player)?.delete((before as EntryRow).id)
    if (after === null || after.state === 'closed') return
    for (const player of after.players) {
      const known = this.open.get(player) ?? new Map()
      this.open.set(player, known.set(after.id, after))
    }
  }

  #seat(before: KeptSeatRow | null, after: KeptSeatRow | null): void {
    if (before !== null) this.seats.get(before.session)?.delete(before.seat.player)
    if (after !== null) {
      const known = this.seats.get(after.session) ?? new Map()
      this.seats.set(after.session, known.set(after.seat.player, after.seat))
    } else if (before !== null && this.seats.get(before.session)?.size === 0) this.seats.delete(before.session)
  }

  #hold(before: KeptAllocation | null, after: KeptAllocation | null): void {
    if (before !== null) this.held.get(before.server)?.delete(before.session)
    if (after === null || after.ended_at !== null) return
    const known = this.held.get(after.server) ?? new Map()
    this.held.set(after.server, known.set(after.session, after))
  }
}

function put<Row>(rows: Map<string, Row>, key: string, row: Row | null): void {
  if (row === null) rows.delete(key)
  else rows.set(key, row)
}
