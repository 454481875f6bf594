import { Refusal, sessionContracts } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Limits } from '../../platform/http/limits.ts'
import { playerOf, type Route, route } from '../../platform/http/route.ts'
import { targetText } from '../../platform/outgoing/addresses.ts'
import type { Admissions } from './admissions.ts'
import type { Leaving } from './leaving.ts'
import type { Reports } from './reports.ts'
import type { SessionStore } from './store.ts'
import type { Rules } from './timing.ts'
import { operatorsText, sessionText, viewOfSession } from './view.ts'

export interface RoutesNeeds {
  db: Db
  limits: Limits
  store: SessionStore
  reports: Reports
  admissions: Admissions
  leaving: Leaving
  rules: Rules
  ticketsPerMinute: number
}

const minuteMs = 60_000

export function sessionRoutes(needs: RoutesNeeds): Route[] {
  const { db, limits, store, reports, admissions, leaving, rules } = needs
  const ticketLimit = { name: 'session-ticket', max: needs.ticketsPerMinute, perMs: minuteMs }

  return [
    route(sessionContracts.reportReady, async ({ params, body }) => ({
      status: 200,
      body: { state: await reports.ready(params.id, body?.port) },
    })),
    route(sessionContracts.reportStarted, async ({ params, body }) => ({
      status: 200,
      body: { state: await reports.started(params.id, body?.settings) },
    })),
    route(sessionContracts.reportPlayers, async ({ params, body }) => {
      const { state, kick } = await reports.players(params.id, body)
      return { status: 200, body: { state, ...(kick.length === 0 ? {} : { kick }) } }
    }),
    route(sessionContracts.reportAbandoned, async ({ params, body }) => ({
      status: 200,
      body: { state: await reports.abandoned(params.id, body.reason) },
    })),

    route(sessionContracts.readSession, async ({ params, caller }) => {
      const [kept] = await db.once((tx) => store.read(tx, [params.id]))
      if (kept === undefined) throw new Refusal('SESSION_NOT_FOUND')
      const session = viewOfSession(kept)
      if (caller.kind === 'key' || (caller.kind === 'player' && caller.operator)) {
        return { status: 200, body: operatorsText(session, await db.once((tx) => store.lateReports(tx, params.id))) }
      }
      // Who does not sit in a session does not learn that it exists.
      const sits = caller.kind === 'player' && session.seats.some(({ player }) => player === caller.player)
      if (!sits) throw new Refusal('SESSION_NOT_FOUND')
      return { status: 200, body: sessionText(session) }
    }),

    route(sessionContracts.createTicket, async (call) => {
      const { player } = playerOf(call)
      const { id } = call.params
      await limits.spend(ticketLimit, `${id} ${player}`)
      const { ticket, connectToken, endsAt, host, port, mode } = await admissions.issue(id, player)
      return {
        status: 201,
        body: {
          ticket,
          ...(connectToken === null ? {} : { connect_token: connectToken }),
          expires_at: timeText(endsAt),
          session_id: id,
          address: targetText({ host, port }),
          host,
          port,
          transport: rules.transportOf(mode),
        },
      }
    }),

    route(sessionContracts.leaveSession, async (call) => {
      await leaving.leave(call.params.id, playerOf(call).player)
      return { status: 204, body: undefined }
    }),
  ]
}
