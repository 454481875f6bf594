import type { SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import { type KeptState, nextPort } from '../domain.ts'
import type { LaunchRequest, LaunchVerdict, ProcessStore } from '../store.ts'
import type { FleetTables } from './tables.ts'

const tables = (tx: Tx) => sqlOf<FleetTables>(tx)

/** Whoever holds this row alone gives out the node's ports and processes, until its transaction ends. */
async function lockNode(tx: Tx, name: string, now: number): Promise<number> {
  const { last_port } = await tables(tx)
    .insertInto('fleet_nodes')
    .values({ name, seen_at: now })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ seen_at: now }))
    .returning('last_port')
    .executeTakeFirstOrThrow()
  return last_port
}

const runningOn = (tx: Tx, node: string) =>
  tables(tx)
    .selectFrom('fleet_processes')
    .select(['mode', 'port'])
    .where('node', '=', node)
    .where('ended_at', 'is', null)
    .execute()

const notePort = (tx: Tx, node: string, port: number) =>
  tables(tx).updateTable('fleet_nodes').set({ last_port: port }).where('name', '=', node).execute()

async function launch(tx: Tx, request: LaunchRequest): Promise<LaunchVerdict> {
  const { session, server, instance, mode, region, slots, host, node, now } = request
  const lastPort = await lockNode(tx, node, now)
  const running = await runningOn(tx, node)
  const known = async (): Promise<LaunchVerdict> => {
    const row = await tables(tx)
      .selectFrom('fleet_allocations')
      .select(['server', 'instance', 'host', 'region'])
      .where('session', '=', session)
      .where('ended_at', 'is', null)
      .executeTakeFirst()
    return row === undefined ? { kind: 'ended' } : { kind: 'existing', allocation: { session, ...row, port: null } }
  }
  const before = await tables(tx)
    .selectFrom('fleet_allocations')
    .select('session')
    .where('session', '=', session)
    .executeTakeFirst()
  if (before !== undefined) return known()
  if (running.filter((one) => one.mode === mode).length >= request.processesMax) return { kind: 'full' }
  const port = nextPort(...request.ports, lastPort, new Set(running.map((one) => one.port)))
  if (port === null) return { kind: 'no_port' }

  const claimed = await tables(tx)
    .insertInto('fleet_allocations')
    .values({
      ...{ session, server, instance, mode, region, host, port, slots, created_at: now },
      ...{ brief: JSON.stringify(request.brief), ready_at: null, ended_at: null, cause: null, detail: null },
    })
    .onConflict((conflict) => conflict.column('session').doNothing())
    .returning('session')
    .executeTakeFirst()
  if (claimed === undefined) return known()
  await tables(tx).insertInto('fleet_beats').values({ server, instance, key: null, last_beat_at: now }).execute()
  await tables(tx)
    .insertInto('fleet_servers')
    .values({
      ...{ id: server, instance, key: null, node, name: request.name, state: 'starting', address: host },
      ...{
        ports: JSON.stringify({ game: port }) as never,
        game_port: port,
        capacity: request.growsTo?.slots ?? slots,
        reserved: slots,
      },
      ...{ sessions: 1, region, modes: [mode], maps: [], labels: '{}' as never, registered_at: now },
      ...{ gone_at: null, gone_cause: null, gone_detail: null },
    })
    .execute()
  await tables(tx)
    .insertInto('fleet_processes')
    .values({
      ...{ server, node, launcher: request.launcher, mode, session, port, pid: null, start_mark: null },
      players_max: request.growsTo?.players ?? slots,
      ...{ stop_grace_ms: request.stopGraceMs, ready_timeout_ms: request.readyTimeoutMs, created_at: now },
      ...{ ended_at: null, exit_code: null, exit_signal: null, output: null, sdk_port: null, sdk: null },
    })
    .execute()
  await notePort(tx, node, port)
  return { kind: 'launched', allocation: { session, server, instance, host, port: null, region } }
}

interface JoinedRow {
  server: string
  instance: string | null
  launcher: string
  mode: string
  session: SessionId
  players_max: number | null
  brief: unknown
  port: number
  pid: number | null
  start_mark: string | null
  stop_grace_ms: number
  ready_timeout_ms: number
  created_at: number
  state: KeptState | null
  wanted: boolean
  sdk_port: number | null
}

export const sqlProcesses = (): ProcessStore => ({
  launch,

  async processesOf(tx, node) {
    // The brief is needed only to start a process, so it is read only for those that have none.
    const { rows } = await sql<JoinedRow>`
      select p.server, s.instance, p.launcher, p.mode, p.session, p.players_max,
        case when p.pid is null then a.brief end as brief, p.port, p.pid, p.start_mark, p.stop_grace_ms,
        p.ready_timeout_ms, p.created_at, s.state, a.session is not null as wanted, p.sdk_port
      from fleet_processes p
        left join fleet_servers s on s.id = p.server
        left join fleet_allocations a on a.session = p.session and a.server = p.server and a.ended_at is null
      where p.node = ${node} and p.ended_at is null order by p.server`.execute(tables(tx))
    return rows.map((row) => ({
      ...{ server: row.server, instance: row.instance ?? '', launcher: row.launcher, mode: row.mode },
      ...{ session: row.session, playersMax: row.players_max ?? 0, brief: row.brief, port: row.port, pid: row.pid },
      ...{ startMark: row.start_mark, stopGraceMs: row.stop_grace_ms, readyTimeoutMs: row.ready_timeout_ms },
      ...{ createdAt: row.created_at, state: row.state ?? 'gone', wanted: row.wanted, sdkPort: row.sdk_port },
    }))
  },

  async movePort(tx, { server, node, ports, tried, now }) {
    const lastPort = await lockNode(tx, node, now)
    const running = await runningOn(tx, node)
    const port = nextPort(...ports, lastPort, new Set([...running.map((one) => one.port), ...tried]))
    if (port === null) return null
    const moved = await tables(tx)
      .updateTable('fleet_processes')
      .set({ port })
      .where('server', '=', server)
      .where('ended_at', 'is', null)
      .returning('session')
      .executeTakeFirst()
    if (moved === undefined) return null
    await tables(tx)
      .updateTable('fleet_allocations')
      .set({ port })
      .where('session', '=', moved.session)
      .where('server', '=', server)
      .execute()
    await tables(tx)
      .updateTable('fleet_servers')
      .set({ game_port: port, ports: JSON.stringify({ game: port }) as never })
      .where('id', '=', server)
      .execute()
    await notePort(tx, node, port)
    return port
  },

  async recordProcess(tx, { server, launcher, pid, startMark }) {
    const row = await tables(tx)
      .updateTable('fleet_processes')
      .set({ launcher, pid, start_mark: startMark })
      .where('server', '=', server)
      .where('ended_at', 'is', null)
      .returning('server')
      .executeTakeFirst()
    return row !== undefined
  },

  async sdkOf(tx, server) {
    const { rows } = await sql<{ kept: unknown; host: string | null; region: string | null; brief: unknown }>`
      select p.sdk as kept, s.address as host, s.region, a.brief
      from fleet_processes p
        left join fleet_servers s on s.id = p.server
        left join fleet_allocations a on a.session = p.session and a.server = p.server and a.ended_at is null
      where p.server = ${server} and p.ended_at is null`.execute(tables(tx))
    const [row] = rows
    return row === undefined ? null : { ...row, host: row.host ?? '' }
  },

  async keepSdk(tx, { server, port, kept }) {
    const row = await tables(tx)
      .updateTable('fleet_processes')
      .set({ sdk_port: port, sdk: JSON.stringify(kept) as never })
      .where('server', '=', server)
      .where('ended_at', 'is', null)
      .returning('server')
      .executeTakeFirst()
    return row !== undefined
  },

  async beatLaunched(tx, now, servers) {
    const { rows } = await sql<{ server: string }>`
      update fleet_beats set last_beat_at = ${now} where server = any(${servers}::text[]) and key is null
      returning server`.execute(tables(tx))
    return new Set(rows.map((row) => row.server))
  },

  async saveOutput(tx, output) {
    await sql`
      update fleet_processes p set output = said.lines::json
      from unnest(${output.map((one) => one.server)}::text[], ${output.map((one) => JSON.stringify(one.lines))}::text[])
        as said (server, lines)
      where p.server = said.server`.execute(tables(tx))
  },

  async endProcess(tx, { server, exitCode, exitSignal, output, now }) {
    await tables(tx)
      .updateTable('fleet_processes')
      .set({
        ...{ ended_at: now, exit_code: exitCode, exit_signal: exitSignal, sdk: null },
        ...(output === null ? {} : { output: JSON.stringify(output) as never }),
      })
      .where('server', '=', server)
      .where('ended_at', 'is', null)
      .execute()
  },
})
