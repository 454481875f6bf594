import { Refusal, type Server, serverContracts } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import type { FleetOptions } from './config.ts'
import type { Directory } from './directory.ts'
import { shownState, type Toucher } from './domain.ts'
import type { OrderDesk } from './orders.ts'
import type { DirectoryStore, ServerRow } from './store.ts'

export interface FleetRoutesNeeds {
  db: Db
  store: DirectoryStore
  directory: Directory
  orders: OrderDesk
}

const pageRows = 100

function keyOf(caller: Caller) {
  if (caller.kind !== 'key')
    throw new Refusal('FORBIDDEN', { detail: 'Servers call with an API key of scope `server`.' })
  return caller.key
}

/** An operator may touch every server; a key with both scopes is an operator's. */
const toucherOf = (caller: Caller): Toucher =>
  caller.kind === 'key' && !caller.scopes.includes('operator') ? { kind: 'key', key: caller.key } : { kind: 'operator' }

function serverText(row: ServerRow): Server {
  const state = shownState(row.state, row.sessions)
  // Lists hold the living; who went in the same instant is shown as it was last.
  const shown = state === 'gone' ? 'draining' : state
  return {
    ...{ id: row.id, name: row.name, state: shown, launched: row.launched, address: row.address },
    ...{ ports: { ...row.ports }, capacity: row.capacity, reserved: row.reserved, current_players: row.currentPlayers },
    ...{ load: row.load, region: row.region, modes: [...row.modes], maps: [...row.maps], labels: { ...row.labels } },
    ...{ registered_at: timeText(row.registeredAt), last_beat_at: timeText(row.lastBeatAt) },
  }
}

export function fleetRoutes({ db, store, directory, orders }: FleetRoutesNeeds, options: FleetOptions): Route[] {
  return [
    route(serverContracts.registerServer, async ({ body, caller }) => {
      const { region = null, modes = [], maps = [], labels = {}, ...server } = body
      const { ticketKey } = await directory.register({ ...server, region, modes, maps, labels }, keyOf(caller))
      return {
        status: 201,
        body: {
          ...{ id: body.id, heartbeat_interval_s: options.heartbeatIntervalS, ttl_s: options.ttlS },
          ticket_key: ticketKey,
        },
      }
    }),

    route(serverContracts.heartbeat, async ({ params, body, caller, signal }) => {
      const { current_players: currentPlayers, load, sessions, wait_s: waitS = 0 } = body
      await directory.beat({ server: params.id, key: keyOf(caller), currentPlayers, load })
      const seen = sessions?.map(({ session_id: session, players }) => ({ session, players })) ?? null
      const waitMs = Math.min(waitS, options.heartbeatIntervalS) * 1_000
      return { status: 200, body: await orders.ordersFor(params.id, seen, waitMs, signal) }
    }),

    route(serverContracts.drainServer, async ({ params, caller }) => {
      await directory.drain(params.id, toucherOf(caller))
      return { status: 204 }
    }),

    route(serverContracts.removeServer, async ({ params, caller }) => {
      await directory.remove(params.id, toucherOf(caller))
      return { status: 204 }
    }),

    route(serverContracts.listServers, async ({ query }) => {
      const { map, mode, region, after, limit = pageRows } = query
      const filter = { map, mode, region, after, labels: {}, gone: false, limit: limit + 1 }
      const found = await db.once((tx) => store.list(tx, filter))
      const page = found.slice(0, limit)
      const next = found.length > limit ? (page.at(-1)?.id ?? null) : null
      return { status: 200, body: { servers: page.map(serverText), next } }
    }),

    route(serverContracts.readServer, async ({ params }) => {
      const row = await db.once((tx) => store.read(tx, params.id, false))
      if (row === null) throw new Refusal('SERVER_NOT_FOUND')
      return { status: 200, body: { ...serverText(row), ...(row.output === null ? {} : { output: row.output }) } }
    }),
  ]
}
