import { type Assignment, type KeyId, type Kick, Refusal, type Server, serverContracts } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import type { Log } from '../../platform/log.ts'
import type { FleetOptions } from './config.ts'
import { type Credentials, registeredRun } from './credentials.ts'
import type { Directory } from './directory.ts'
import { type AssignedSession, endings, type KickOrder, shownState, type Toucher } from './domain.ts'
import type { Heartbeats } from './heartbeats.ts'
import type { DirectoryStore, ServerRow } from './store.ts'

export interface RoutesNeeds {
  db: Db
  store: DirectoryStore
  directory: Directory
  heartbeats: Heartbeats
  credentials: Credentials
  log: Log
  hasMode(mode: string): boolean
  /** The last lines of a server that this machine runs. */
  outputOf(server: string): readonly string[] | null
}

const pageMax = 100

export function fleetRoutes(needs: RoutesNeeds, options: FleetOptions): Route[] {
  const { db, store, directory, heartbeats, credentials } = needs

  return [
    route(serverContracts.registerServer, async ({ body, caller, mintId }) => {
      const instance = registeredRun(mintId('instance'), keyOf(caller))
      await directory.register(keyOf(caller), instance, {
        ...body,
        region: body.region ?? null,
        modes: body.modes ?? [],
        maps: body.maps ?? [],
        labels: body.labels ?? {},
      })
      const unknownModes = body.modes?.filter((mode) => !needs.hasMode(mode)) ?? []
      // It may be a mistake, or meant for a configuration that is to come.
      if (unknownModes.length > 0) {
        needs.log.warn({ server: body.id, modes: unknownModes }, 'a server offers modes that are not configured')
      }
      return {
        status: 201,
        body: {
          id: body.id,
          ...(unknownModes.length === 0 ? {} : { unknown_modes: unknownModes }),
          heartbeat_interval_s: options.heartbeatIntervalS,
          ttl_s: options.ttlS,
          ticket_key: credentials.ticketKeyOf(body.id, instance).toString('hex'),
        },
      }
    }),
    route(serverContracts.heartbeat, async ({ params, body, caller, signal }) => {
      const orders = await heartbeats.beat(
        {
          server: params.id,
          key: keyOf(caller),
          currentPlayers: body.current_players,
          load: body.load,
          seen: body.sessions?.map((one) => ({ session: one.session_id, players: one.players })) ?? null,
          waitMs: (body.wait_s ?? 0) * 1_000,
        },
        signal,
      )
      return {
        status: 200,
        body: { assign: orders.assign.map(assignmentOf), kick: orders.kick.map(kickOf), drain: orders.drain },
      }
    }),
    route(serverContracts.removeServer, async ({ params, caller }) => {
      await directory.leave(params.id, toucherOf(caller))
      return { status: 204, body: undefined }
    }),
    route(serverContracts.drainServer, async ({ params, caller }) => {
      await directory.drain(params.id, toucherOf(caller))
      return { status: 204, body: undefined }
    }),
    route(serverContracts.listServers, async ({ query }) => {
      const { label, gone, limit = pageMax, ...filter } = query
      const labels = labelsOf(label)
      const rows = await db.once((tx) => store.list(tx, { ...filter, labels, gone: gone === true, limit: limit + 1 }))
      const servers = rows.slice(0, limit).map(serverOf)
      return { status: 200, body: { servers, next: rows.length > limit ? (servers.at(-1)?.id ?? null) : null } }
    }),
    route(serverContracts.readServer, async ({ params, query }) => {
      const row = await db.once((tx) => store.read(tx, params.id, query.gone === true))
      if (row === null) throw new Refusal('SERVER_NOT_FOUND', { detail: 'There is no such server.' })
      const output = needs.outputOf(row.id) ?? row.output
      return { status: 200, body: { ...serverOf(row), ...(output === null ? {} : { output: [...output] }) } }
    }),
  ]

  function assignmentOf({ session, mode, slots, brief }: AssignedSession): Assignment {
    return {
      session_id: session,
      report_token: credentials.reportTokenOf(session),
      mode,
      max_players: slots,
      match: brief,
    }
  }
}

const kickOf = ({ session, player, reason }: KickOrder): Kick => ({
  session_id: session,
  ...(player === null ? {} : { player_id: player }),
  reason,
})

function serverOf(row: ServerRow): Server {
  const { id, name, address, ports, capacity, reserved, load, region, modes, maps, labels, launched } = row
  return {
    ...{ id, name, launched, address, capacity, reserved, load, region },
    state: shownState(row.state, row.sessions),
    ports: { ...ports },
    current_players: row.currentPlayers,
    modes: [...modes],
    maps: [...maps],
    labels: { ...labels },
    registered_at: timeText(row.registeredAt),
    last_beat_at: timeText(row.lastBeatAt),
    ...(row.goneCause === null
      ? {}
      : { gone: { cause: row.goneCause, says: endings[row.goneCause], detail: row.goneDetail } }),
  }
}

/** Two values wanted of one label fit no server. */
function labelsOf(filter: string | string[] | undefined): Record<string, string> {
  const labels = new Map<string, string>()
  for (const text of filter === undefined ? [] : [filter].flat()) {
    const at = text.indexOf('=')
    const name = text.slice(0, at)
    const value = text.slice(at + 1)
    if ((labels.get(name) ?? value) !== value) {
      throw new Refusal('INVALID_REQUEST', { detail: `query.label asks for two values of ${name}` })
    }
    labels.set(name, value)
  }
  return Object.fromEntries(labels)
}

function keyOf(caller: Caller): KeyId {
  if (caller.kind !== 'key') throw new Error('This route lets in others than keys.')
  return caller.key
}

/** An operator's word counts for every server, a key's for those it registered. */
function toucherOf(caller: Caller): Toucher {
  if (caller.kind === 'player' && caller.operator) return { kind: 'operator' }
  if (caller.kind === 'key') {
    return caller.scopes.includes('operator') ? { kind: 'operator' } : { kind: 'key', key: caller.key }
  }
  throw new Error('This route lets in others than servers and operators.')
}
