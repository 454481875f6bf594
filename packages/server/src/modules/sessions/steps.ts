import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Wakes } from '../../platform/wakes.ts'
import { after, causeSays, type SessionEvent, type Verdict } from './domain.ts'
import type { Figures } from './figures.ts'
import type { FleetNeeds, PlacesNeeds } from './needs.ts'
import { attendanceOf, missed, type Seat } from './seats.ts'
import type { KeptSession, Served, SessionStore } from './store.ts'
import type { Rules } from './timing.ts'

export interface StepsNeeds {
  clock: Clock
  log: Log
  wakes: Wakes
  store: SessionStore
  fleet: Pick<FleetNeeds, 'release'>
  places: Pick<PlacesNeeds, 'move' | 'release'>
  figures: Figures
  rules: Rules
}

/** What comes with an event. */
export interface With {
  served?: Partial<Served>
  chosen?: unknown
  detail?: string | null
}

export interface Steps {
  /** Tells a session that the transaction has locked what happened, and writes the step that follows from it, with
   *  all that hangs on it: the server, the players' places, who is told. */
  take(tx: Tx, session: KeptSession, event: SessionEvent, extra?: With): Promise<Verdict>
}

export function createSteps({ clock, log, wakes, store, fleet, places, figures, rules }: StepsNeeds): Steps {
  /** Back to where they came from if the play never began, else free to go anywhere. */
  async function returnPlayers(tx: Tx, session: KeptSession, cancelled: boolean): Promise<void> {
    const here = { kind: 'session', id: session.id } as const
    const held = session.seats.filter((seat) => seat.gaveUpAt === null).sort((a, b) => (a.player < b.player ? -1 : 1))
    const back = cancelled ? held.filter((seat) => seat.origin !== null) : []
    const freed = held.filter((seat) => !back.includes(seat))
    if (back.length > 0) {
      await places.move(
        tx,
        back.map(({ player, origin }) => ({ player, from: here, to: origin as NonNullable<Seat['origin']> })),
      )
    }
    if (freed.length > 0) {
      await places.release(
        tx,
        freed.map(({ player }) => ({ player, place: here })),
      )
    }
  }

  async function markMissing(tx: Tx, session: KeptSession, now: number): Promise<void> {
    const graces = rules.gracesOf(session.mode)
    const missing = session.seats.filter((seat) => seat.state === 'expected').map((seat) => missed(seat, now, graces))
    await store.changeSeats(tx, session.id, missing)
  }

  return { take }

  async function take(tx: Tx, session: KeptSession, event: SessionEvent, extra: With = {}): Promise<Verdict> {
    const now = clock.now()
    const { id, mode, state: from } = session
    const course = { ...session, attendance: attendanceOf(session.seats) }
    const verdict = after(course, event, rules.timingOf(mode), now)

    if (verdict.kind === 'move' && from !== verdict.to) {
      const { to, deadlineAt } = verdict
      const move = { from: from as typeof to, to, at: now, deadlineAt, served: extra.served, chosen: extra.chosen }
      if (!(await store.move(tx, id, move))) throw new Error(`${id} moved on while it was locked.`)
      // A server that never says who came leaves open who is there.
      if (to === 'in_progress' && session.told) await markMissing(tx, session, now)
      afterCommit(tx, () => {
        if (to === 'loading') figures.loading(session, now)
        log.debug({ session: id, mode, from, to }, 'session moved on')
        wakes.wake('session', [id])
      })
    }

    if (verdict.kind === 'wait') await store.wait(tx, id, verdict.deadlineAt)

    if (verdict.kind === 'end') {
      const { to, cause } = verdict
      const detail = extra.detail ?? (cause === null ? null : causeSays[cause])
      if (from === 'loading' && event === 'time') await markMissing(tx, session, now)
      if (!(await store.end(tx, id, { state: to, cause, detail, at: now }))) {
        throw new Error(`${id} ended while it was locked.`)
      }
      if (session.server !== null) await fleet.release(tx, id, cause ?? to)
      await returnPlayers(tx, session, to === 'cancelled')
      for (const seat of session.seats) if (seat.erased) await store.forget(tx, id, seat.player)
      afterCommit(tx, () => {
        figures.ended(session, to, cause)
        log[to === 'completed' ? 'debug' : 'info']({ session: id, mode, from, to, cause, detail }, 'session ended')
        wakes.wake('session', [id])
      })
    }
    if (verdict.kind === 'move' && verdict.to === 'loading' && rules.startsWhenReady(mode)) {
      return take(tx, { ...session, state: verdict.to, deadlineAt: verdict.deadlineAt }, 'started')
    }
    return verdict
  }
}
