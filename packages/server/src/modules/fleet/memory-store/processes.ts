import type { ServerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../../platform/db.ts'
import { rowsIn } from '../../../platform/memory-db/index.ts'
import { nextPort } from '../domain.ts'
import type { LaunchRequest, LaunchVerdict, ProcessRow, ProcessStore } from '../store.ts'
import { allocations, beats, type KeptProcess, nodes, processes, servers } from './tables.ts'
import { add, addOrChange, change } from './writes.ts'

/** Whoever holds this row alone gives out the node's ports and processes, until its transaction ends. */
async function lockNode(tx: Tx, name: string, now: number): Promise<number> {
  const fresh = { name, last_port: 0, seen_at: now }
  const node = await addOrChange(tx, nodes, fresh, (known) => ({ ...known, seen_at: now }))
  return node?.last_port ?? 0
}

const notePort = async (tx: Tx, node: string, port: number) =>
  void (await change(
    rowsIn(tx, nodes),
    [node],
    () => true,
    (row) => ({ ...row, last_port: port }),
  ))

const isRunning = (row: KeptProcess) => row.ended_at === null

async function launch(tx: Tx, request: LaunchRequest): Promise<LaunchVerdict> {
  const { session, server, instance, mode, region, slots, host, node, now } = request
  const lastPort = await lockNode(tx, node, now)
  const running = rowsIn(tx, processes).by('running', node)
  const allocated = rowsIn(tx, allocations)
  const known = (): LaunchVerdict => {
    const row = allocated.get(session)
    if (row === null || row.ended_at !== null) return { kind: 'ended' }
    const { server: id, instance: run, host: address, region: where } = row
    const allocation = { session, server: id as ServerId, instance: run, host: address, port: null, region: where }
    return { kind: 'existing', allocation }
  }
  if (allocated.get(session) !== null) return known()
  if (running.filter((one) => one.mode === mode).length >= request.processesMax) return { kind: 'full' }
  const port = nextPort(...request.ports, lastPort, new Set(running.map((one) => one.port)))
  if (port === null) return { kind: 'no_port' }

  const claimed = await allocated.insert({
    ...{ session, server, instance, mode, region, host, port, slots, created_at: now },
    ...{ brief: JSON.stringify(request.brief), ready_at: null, ended_at: null, cause: null, detail: null },
  })
  if (!claimed) return known()
  await add(tx, beats, { server, instance, key: null, last_beat_at: now, current_players: 0, load: 0 })
  await add(tx, servers, {
    ...{ id: server, instance, key: null, node, name: request.name, state: 'starting', address: host },
    ...{
      ports: { game: port },
      game_port: port,
      capacity: request.growsTo?.slots ?? slots,
      reserved: slots,
      sessions: 1,
      region,
    },
    sessions_max: null,
    ...{ modes: [mode], maps: [], labels: {}, registered_at: now, gone_at: null, gone_cause: null, gone_detail: null },
  })
  await add(tx, processes, {
    ...{ server, node, launcher: request.launcher, mode, session, port, pid: null, start_mark: null },
    players_max: request.growsTo?.players ?? slots,
    ...{ stop_grace_ms: request.stopGraceMs, ready_timeout_ms: request.readyTimeoutMs, created_at: now },
    ...{ ended_at: null, exit_code: null, exit_signal: null, output: null, sdk_port: null, sdk: null },
  })
  await notePort(tx, node, port)
  return { kind: 'launched', allocation: { session, server, instance, host, port: null, region } }
}

function shown(tx: Tx, row: KeptProcess): ProcessRow {
  const server = rowsIn(tx, servers).get(row.server)
  const allocation = rowsIn(tx, allocations).get(row.session)
  const claim = allocation?.server === row.server && allocation.ended_at === null ? allocation : null
  return {
    ...{ server: row.server as ServerId, instance: server?.instance ?? '', launcher: row.launcher, mode: row.mode },
    ...{ session: row.session as SessionId, playersMax: row.players_max ?? 0, port: row.port, pid: row.pid },
    // The brief is needed only to start a process, so it is read only for those that have none.
    brief: row.pid === null && claim !== null ? (JSON.parse(claim.brief) as unknown) : null,
    ...{ startMark: row.start_mark, stopGraceMs: row.stop_grace_ms, readyTimeoutMs: row.ready_timeout_ms },
    ...{ createdAt: row.created_at, state: server?.state ?? 'gone', wanted: claim !== null, sdkPort: row.sdk_port },
  }
}

export const memoryProcesses = (): ProcessStore => ({
  launch,

  async processesOf(tx, node) {
    const rows = rowsIn(tx, processes).by('running', node)
    return rows.sort((a, b) => (a.server < b.server ? -1 : 1)).map((row) => shown(tx, row))
  },

  async movePort(tx, { server, node, ports, tried, now }) {
    const lastPort = await lockNode(tx, node, now)
    const rows = rowsIn(tx, processes)
    const taken = new Set([...rows.by('running', node).map((one) => one.port), ...tried])
    const port = nextPort(...ports, lastPort, taken)
    if (port === null) return null
    const [moved] = await change(rows, [server], isRunning, (row) => ({ ...row, port }))
    if (moved === undefined) return null
    await change(
      rowsIn(tx, allocations),
      [moved.session],
      (row) => row.server === server,
      (row) => ({ ...row, port }),
    )
    await change(
      rowsIn(tx, servers),
      [server],
      () => true,
      (row) => ({ ...row, game_port: port, ports: { game: port } }),
    )
    await notePort(tx, node, port)
    return port
  },

  async recordProcess(tx, { server, launcher, pid, startMark }) {
    const recorded = await change(rowsIn(tx, processes), [server], isRunning, (row) => ({
      ...row,
      ...{ launcher, pid, start_mark: startMark },
    }))
    return recorded.length > 0
  },

  async sdkOf(tx, id) {
    const row = rowsIn(tx, processes).get(id)
    if (row === null || !isRunning(row)) return null
    const server = rowsIn(tx, servers).get(id)
    const allocation = rowsIn(tx, allocations).get(row.session)
    const claim = allocation?.server === id && allocation.ended_at === null ? allocation : null
    return {
      ...{ kept: row.sdk === null ? null : (JSON.parse(row.sdk) as unknown), host: server?.address ?? '' },
      ...{ region: server?.region ?? null, brief: claim === null ? null : (JSON.parse(claim.brief) as unknown) },
    }
  },

  async keepSdk(tx, { server, port, kept }) {
    const changed = await change(rowsIn(tx, processes), [server], isRunning, (row) => ({
      ...row,
      ...{ sdk_port: port, sdk: JSON.stringify(kept) },
    }))
    return changed.length > 0
  },

  async beatLaunched(tx, now, ids) {
    const beaten = await change(
      rowsIn(tx, beats),
      ids,
      (row) => row.key === null,
      (row) => ({ ...row, last_beat_at: now }),
    )
    return new Set(beaten.map((row) => row.server as ServerId))
  },

  async saveOutput(tx, output) {
    const rows = rowsIn(tx, processes)
    for (const { server, lines } of output) {
      await change(
        rows,
        [server],
        () => true,
        (row) => ({ ...row, output: [...lines] }),
      )
    }
  },

  async endProcess(tx, { server, exitCode, exitSignal, output, now }) {
    await change(rowsIn(tx, processes), [server], isRunning, (row) => ({
      ...row,
      ...{ ended_at: now, exit_code: exitCode, exit_signal: exitSignal, sdk: null },
      ...(output === null ? {} : { output: [...output] }),
    }))
  },
})
