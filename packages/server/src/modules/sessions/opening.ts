import { type MatchId, type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import { afterCommit, type Tx } from '../../platform/db.ts'
import { firstDeadline, type SessionKind } from './domain.ts'
import type { Figures } from './figures.ts'
import type { Place, PlacesNeeds, SessionsNeeds } from './needs.ts'
import type { Seat, SeatRole } from './seats.ts'
import type { SessionStore } from './store.ts'
import type { Rules } from './timing.ts'

export interface OpenRequest {
  /** Asking twice for one match gives the one session. */
  match: MatchId | null
  kind: SessionKind
  mode: string
  region: string | null
  /** The board that its result moves. */
  board: string | null
  settings?: unknown
  /** Most players, where more may come later; only those that it is opened with unless told. */
  playersMax?: number
  /** Longest search for a server; as the mode has it unless told. */
  allocateWaitMs?: number
  players: {
    player: PlayerId
    nick: string
    guest: boolean
    team: number
    role?: SeatRole
    /** The place that the player leaves for the session, and returns to if it is cancelled; null for who is free. */
    origin: Place | null
  }[]
}

const playersMax = 1_000

export interface OpeningNeeds extends Pick<SessionsNeeds, 'clock' | 'mintId' | 'wakes'> {
  store: SessionStore
  places: Pick<PlacesNeeds, 'claim' | 'move'>
  figures: Figures
  rules: Rules
}

/** Opens sessions: in the caller's own transaction, so that the players' places move with whatever sent them. */
export function createOpening({ clock, mintId, wakes, store, places, figures, rules }: OpeningNeeds) {
  async function takePlaces(tx: Tx, id: SessionId, players: OpenRequest['players']): Promise<void> {
    const place: Place = { kind: 'session', id }
    const sorted = [...players].sort((a, b) => (a.player < b.player ? -1 : 1))
    const moves = sorted.flatMap(({ player, origin }) => (origin === null ? [] : [{ player, from: origin, to: place }]))
    const claims = sorted.filter(({ origin }) => origin === null).map(({ player }) => ({ player, place }))
    const lost = moves.length === 0 ? [] : await places.move(tx, moves)
    if (lost.length > 0) {
      throw new Refusal('ALREADY_PLAYING', { detail: `${lost.join(', ')}: no longer where the match found them.` })
    }
    const refused = claims.length === 0 ? [] : await places.claim(tx, claims)
    const first = refused[0]
    if (first !== undefined) {
      throw new Refusal(first.place.kind === 'entry' ? 'ALREADY_SEARCHING' : 'ALREADY_PLAYING', {
        detail: `${refused.map(({ player }) => player).join(', ')} must first leave the queue, match or game that they are in.`,
      })
    }
  }

  return async function open(tx: Tx, request: OpenRequest): Promise<SessionId> {
    const { players, mode } = request
    if (!rules.hasMode(mode)) throw new Error(`No mode is called ${mode}.`)
    if (players.length < 1 || players.length > playersMax) throw new Error('A session takes 1 to 1,000 players.')
    if (new Set(players.map(({ player }) => player)).size < players.length) throw new Error('A player sits once.')

    const now = clock.now()
    const timing = rules.timingOf(mode)
    const { id, fresh } = await store.insert(tx, {
      id: mintId('session'),
      kind: request.kind,
      mode,
      match: request.match,
      region: request.region,
      board: request.board,
      settings: request.settings ?? null,
      door: request.kind === 'private' ? 'open' : 'closed',
      playersMax: request.playersMax ?? null,
      requestedAt: now,
      deadlineAt: firstDeadline({ ...timing, allocateWaitMs: request.allocateWaitMs ?? timing.allocateWaitMs }, now),
      ticketLifeMs: rules.ticketLifeMsOf(mode),
      seats: players.map(
        ({ player, nick, guest, team, role, origin }): Seat => ({
          ...{ player, nick, guest, team, role: role ?? 'player', origin },
          ...{ state: 'expected', slot: false, slotEndsAt: null, ticketEndsAt: null },
          ...{ joinedAt: null, gaveUpAt: null, erased: false },
        }),
      ),
    })
    if (!fresh) return id
    await takePlaces(tx, id, players)
    afterCommit(tx, () => {
      figures.opened(request)
      wakes.wake('session', [id])
    })
    return id
  }
}
