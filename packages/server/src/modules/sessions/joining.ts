import type { SessionId } from '@muster/protocol'
import { afterCommit, type Tx } from '../../platform/db.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { FleetNeeds, PlacesNeeds } from './needs.ts'
import { invited, type Seat } from './seats.ts'
import type { KeptSession, SessionStore } from './store.ts'

/** `back`: had a seat all along. Otherwise why there is none to be had. */
export type Seating = 'seated' | 'back' | 'not_there' | 'ended' | 'started' | 'closed' | 'full' | 'elsewhere'

export interface Joining {
  /** Gives a player a seat in a session that more may come to, until it begins. Whoever has one keeps it. */
  join(tx: Tx, session: SessionId, player: Pick<Seat, 'player' | 'nick' | 'guest'>): Promise<Seating>
  /** Lets nobody in any more, or again; that is done with once play has begun. */
  setDoor(tx: Tx, session: SessionId, door: KeptSession['door']): Promise<'done' | 'started' | 'ended'>
}

export interface JoiningNeeds {
  wakes: Wakes
  store: SessionStore
  fleet: Pick<FleetNeeds, 'addSlots'>
  places: Pick<PlacesNeeds, 'claim' | 'release'>
}

export function createJoining({ wakes, store, fleet, places }: JoiningNeeds): Joining {
  return {
    async join(tx, id, { player, nick, guest }) {
      const session = await store.lock(tx, id)
      if (session === null) return 'not_there'
      const known = session.seats.find((seat) => seat.player === player)
      const refused = whyNot(session, known)
      if (refused !== null) return refused

      const here = { player, place: { kind: 'session', id } } as const
      const [elsewhere] = await places.claim(tx, [here])
      if (elsewhere !== undefined) return 'elsewhere'
      // With the server not yet found, the claim is made for all who sit by then.
      const slot = session.server !== null
      if (slot && known?.slot !== true && !(await fleet.addSlots(tx, id, 1))) {
        await places.release(tx, [here])
        return 'full'
      }
      if (known === undefined) await store.addSeat(tx, id, seatFor({ player, nick, guest }, slot))
      else await store.changeSeats(tx, id, [invited(known, slot)])
      afterCommit(tx, () => wakes.wake('session', [id]))
      return 'seated'
    },
    async setDoor(tx, id, door) {
      const session = await store.lock(tx, id)
      if (session === null || session.endedAt !== null) return 'ended'
      if (session.state === 'in_progress') return 'started'
      await store.setDoor(tx, id, door)
      afterCommit(tx, () => wakes.wake('session', [id]))
      return 'done'
    },
  }
}

function whyNot({ state, door, playersMax, endedAt, seats }: KeptSession, known: Seat | undefined): Seating | null {
  if (endedAt !== null) return 'ended'
  if (known !== undefined && known.gaveUpAt === null) return 'back'
  if (state === 'in_progress') return 'started'
  if (door === 'closed') return 'closed'
  return seats.filter(({ gaveUpAt }) => gaveUpAt === null).length >= (playersMax ?? 0) ? 'full' : null
}

/** Friends are on no side until the game itself puts them on one. */
const seatFor = (who: Pick<Seat, 'player' | 'nick' | 'guest'>, slot: boolean): Seat => ({
  ...who,
  ...{ team: 0, role: 'player', origin: null, state: 'expected', slot, slotEndsAt: null, ticketEndsAt: null },
  ...{ joinedAt: null, gaveUpAt: null, erased: false },
})
