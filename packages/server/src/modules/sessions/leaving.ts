import { type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { FleetNeeds, PlacesNeeds } from './needs.ts'
import { gaveUp, type Seat } from './seats.ts'
import type { Steps } from './steps.ts'
import type { KeptSession, SessionStore } from './store.ts'
import type { Rules } from './timing.ts'

export interface Leaving {
  /** Gives up a player's place. The seat still counts in the result; where the play cannot begin without the player, it
   *  is cancelled at once. May be repeated. */
  leave(session: SessionId, player: PlayerId): Promise<void>
  /** The same by somebody else's word, in the caller's transaction, for the reason that the game server is told. */
  remove(tx: Tx, session: SessionId, player: PlayerId, reason: string): Promise<void>
  /** The same for a locked session, of a player whose account is being erased. */
  erase(tx: Tx, session: KeptSession, player: PlayerId): Promise<void>
}

export interface LeavingNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  store: SessionStore
  steps: Steps
  fleet: Pick<FleetNeeds, 'kick'>
  places: Pick<PlacesNeeds, 'release'>
  rules: Rules
}

export function createLeaving({ clock, db, wakes, store, steps, fleet, places, rules }: LeavingNeeds): Leaving {
  async function give(tx: Tx, session: KeptSession, seat: Seat, reason: string): Promise<void> {
    const { id, seats } = session
    const left = gaveUp(seat, clock.now(), rules.gracesOf(session.mode))
    await store.changeSeats(tx, id, [left])
    const mayBeThere = session.state === 'loading' || session.state === 'in_progress'
    if (mayBeThere) await fleet.kick(tx, id, seat.player, reason)
    const others = seats.map((one) => (one.player === seat.player ? left : one))
    const lobby = session.kind === 'private' && session.state !== 'in_progress'
    const event = lobby && seat.role === 'host' ? 'called_off' : 'attendance'
    const verdict = await steps.take(tx, { ...session, seats: others }, event)
    if (seat.gaveUpAt === null) {
      await places.release(tx, [{ player: seat.player, place: { kind: 'session', id } }])
    }
    if (verdict.kind !== 'end') afterCommit(tx, () => wakes.wake('session', [id]))
  }

  async function leaveLocked(tx: Tx, id: SessionId, player: PlayerId, reason: string): Promise<void> {
    const session = await store.lock(tx, id)
    const seat = session?.seats.find((one) => one.player === player)
    if (session === null || seat === undefined) throw new Refusal('SESSION_NOT_FOUND')
    if (seat.gaveUpAt !== null) return
    if (session.endedAt !== null) throw new Refusal('SESSION_ENDED')
    await give(tx, session, seat, reason)
  }

  return {
    remove: leaveLocked,
    async leave(id, player) {
      // Whoever has no seat is refused without holding the session up.
      const [known] = await db.once((tx) => store.read(tx, [id]))
      if (!known?.seats.some((seat) => seat.player === player)) throw new Refusal('SESSION_NOT_FOUND')
      await db.transact((tx) => leaveLocked(tx, id, player, 'left'))
    },
    async erase(tx, session, player) {
      const seat = session.seats.find((one) => one.player === player)
      if (seat !== undefined) await give(tx, session, { ...seat, erased: true }, 'erased')
    },
  }
}
