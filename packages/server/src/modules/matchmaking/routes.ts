import { matchmakingContracts as contracts, type GoodBodyOf, type PlayerId } from '@muster/protocol'
import { playerOf, type Route, route } from '../../platform/http/route.ts'
import type { Asks } from './domain.ts'
import type { Entrance } from './entrance.ts'
import { entryText } from './entry-text.ts'
import type { Offers } from './offers.ts'
import type { Queues } from './queues.ts'
import type { Readings } from './reading.ts'
import type { QueueWaits } from './waits.ts'

export interface RoutesNeeds {
  queues: Queues
  waits: QueueWaits
  entrance: Entrance
  readings: Readings
  offers: Offers
  leave(player: PlayerId): Promise<void>
}

export function matchmakingRoutes(needs: RoutesNeeds): Route[] {
  const { queues, waits, entrance, readings, offers } = needs

  return [
    route(contracts.listQueues, async () => ({ status: 200, body: { queues: await listQueues(queues, waits) } })),

    route(contracts.createEntry, async (call) => {
      const { player, guest } = playerOf(call)
      const { queues: names, latencies_ms: latenciesMs, attributes, role } = call.body
      const asks = asksOf({ latenciesMs, attributes, role })
      const entry = await entrance.join({ id: call.mintId('entry'), player, guest, queues: names, asks })
      const estimate_s = await readings.estimateOf(names)
      return { status: 201, body: entryText({ entry, match: null }, player, { estimate_s }) }
    }),

    route(contracts.readEntry, async (call) => {
      const { wait_s = 0, after } = call.query
      const poll = { waitMs: wait_s * 1_000, after, signal: call.signal }
      return { status: 200, body: await readings.poll(playerOf(call).player, poll) }
    }),

    route(contracts.deleteEntry, async (call) => {
      await needs.leave(playerOf(call).player)
      return { status: 204, body: undefined }
    }),

    route(contracts.acceptMatch, async (call) => ({
      status: 200,
      body: { status: await offers.answer(playerOf(call).player, call.params.id, 'accept') },
    })),

    route(contracts.declineMatch, async (call) => ({
      status: 200,
      body: { status: await offers.answer(playerOf(call).player, call.params.id, 'decline') },
    })),
  ]
}

/** Null where nothing was said. */
const asksOf = (asks: Asks): Asks | null =>
  asks.latenciesMs === undefined && asks.attributes === undefined && asks.role === undefined ? null : asks

async function listQueues(
  queues: Queues,
  waits: QueueWaits,
): Promise<GoodBodyOf<typeof contracts.listQueues>['queues']> {
  const news = await waits.read()
  return queues.all.map(({ name, mode, teams, teamSize, needsAccepting, acceptTimeoutS, board }) => ({
    name,
    modes: [mode],
    teams,
    team_size: teamSize,
    players_waiting: news.get(name)?.players ?? 0,
    estimate_s: news.get(name)?.estimateS ?? null,
    accept_timeout_s: needsAccepting ? acceptTimeoutS : null,
    board,
  }))
}
