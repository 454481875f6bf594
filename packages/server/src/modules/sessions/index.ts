/**
 * Sessions are the one door to play. Whoever gathered the players opens a session; it gets a server from the fleet, waits
 * until the server is ready, lets the players in by tickets, follows what the server reports, and ends exactly once:
 * completed by a result, abandoned, or cancelled. It knows nothing of ratings, queues or sockets.
 */
import type { SessionId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import { createAdmissions } from './admissions.ts'
import type { SessionModeOptions, SessionsOptions } from './config.ts'
import { sessionFigures } from './figures.ts'
import { createFinish } from './finish.ts'
import { createJoining } from './joining.ts'
import { lateKeeper } from './late.ts'
import { createLeaving } from './leaving.ts'
import type { SessionsNeeds } from './needs.ts'
import { createOpener } from './opener.ts'
import { createOpening } from './opening.ts'
import { createPersonal } from './personal.ts'
import { createReports } from './reports.ts'
import { sessionRoutes } from './routes.ts'
import { sqlSessionStore } from './sql/store.ts'
import { createSteps } from './steps.ts'
import { rulesOf } from './timing.ts'
import { createUpkeep } from './upkeep.ts'
import { type SessionView, viewOfSession } from './view.ts'
import { inbox } from './work.ts'

export type { Issued } from './admissions.ts'
export { type SeatRow, type SessionRow, sessionsAudit } from './audit.ts'
export type { Brief } from './brief.ts'
export { type SessionModeOptions, type SessionsOptions, sessionModeOptions, sessionsOptions } from './config.ts'
export type { NetcodeRules } from './connect-tokens.ts'
export type { Cause, EndState, LiveState, SessionKind } from './domain.ts'
export type { Finish, FinishedSession, FinishVerdict } from './finish.ts'
export type { Seating } from './joining.ts'
export type { KeepLate } from './late.ts'
export { sessionsMigrations } from './migrations.ts'
export type { Allocation, Claim, FleetNeeds, Place, PlacesNeeds, ServerSources, SessionsNeeds } from './needs.ts'
export type { OpenRequest } from './opening.ts'
export type { Reports } from './reports.ts'
export type { SeatRole, SeatState } from './seats.ts'
export type { SessionStore } from './store.ts'
export type { SeatView, SessionView } from './view.ts'

const drivesBatchMax = 100
const drivingLanes = 4
const upkeepMs = 1_000
const countMs = 15_000
const removalMs = 600_000

export function createSessions(
  needs: SessionsNeeds,
  options: SessionsOptions & { modes: Readonly<Record<string, SessionModeOptions>> },
) {
  const { clock, random, db, wakes, log, fleet, places, store = sqlSessionStore() } = needs
  const rules = rulesOf(options, options.modes)
  const figures = sessionFigures(needs.metrics)
  const steps = createSteps({ clock, log, wakes, store, fleet, places, figures, rules })
  const keepLate = lateKeeper({ clock, store }, options)
  const opener = createOpener({ clock, db, log, store, steps, fleet, rules, sourcesOf: needs.sourcesOf }, options)
  const upkeep = createUpkeep({ clock, db, log, store, fleet, figures }, options)
  const leaving = createLeaving({ clock, db, wakes, store, steps, fleet, places, rules })
  const joining = createJoining({ wakes, store, fleet, places })
  const reports = createReports({ clock, db, log, wakes, store, steps, fleet, keepLate, rules })
  const admissions = createAdmissions({ clock, db, store, fleet, figures, rules }, options)

  const hints = inbox<SessionId>(
    { waitingMax: options.drivesWaitingMax, batchMax: drivesBatchMax, lanes: drivingLanes },
    (ids) => opener.drive(ids).catch((error: unknown) => log.warn({ err: error }, 'sessions could not be looked at')),
  )
  const jobs: Repeating[] = []
  let unhear: () => void = () => undefined

  return {
    open: createOpening({ clock, mintId: needs.mintId, wakes, store, places, figures, rules }),
    async viewOf(sessions: readonly SessionId[]): Promise<Map<SessionId, SessionView>> {
      const kept = await db.once((tx) => store.read(tx, sessions))
      return new Map(kept.map((session) => [session.id, viewOfSession(session)]))
    },
    admissionOf: admissions.admissionOf,
    issue: admissions.issue,
    transportOf: rules.transportOf,
    leave: leaving.leave,
    remove: leaving.remove,
    join: joining.join,
    setDoor: joining.setDoor,
    /** Its host wants no more of it. */
    async callOff(tx: Tx, id: SessionId): Promise<void> {
      const session = await store.lock(tx, id)
      if (session !== null) await steps.take(tx, session, 'called_off')
    },
    finish: createFinish({ store, steps }),
    reports,
    keepLate,
    routes: sessionRoutes({
      ...{ db, limits: needs.limits, store, reports, admissions, leaving, rules },
      ticketsPerMinute: options.ticketsPerMinute,
    }),
    personal: createPersonal({ db, store, leaving }),

    start() {
      const ground = { clock, random, log }
      unhear = wakes.hear('session', (ids) => hints.add(ids as SessionId[]))
      jobs.push(
        repeating(ground, 'sessions sweep', options.sweepMs, opener.sweep),
        repeating(ground, 'sessions slots', upkeepMs, upkeep.freeSlots),
        repeating(ground, 'sessions count', countMs, upkeep.count),
        repeating(ground, 'sessions removal', removalMs, upkeep.removeOld),
      )
    },
    async stop() {
      unhear()
      await Promise.all([hints.stop(), ...jobs.splice(0).map((job) => job.stop())])
    },
    /** Does at once what `start` does from time to time, and waits for what hints have set going. */
    async sweep() {
      await hints.settled()
      await opener.sweep()
      await upkeep.freeSlots()
      await hints.settled()
    },
  }
}

export type Sessions = ReturnType<typeof createSessions>
