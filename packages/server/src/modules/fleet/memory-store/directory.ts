import type { KeyId, ServerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../../platform/db.ts'
import { rowsIn, type Table } from '../../../platform/memory-db/index.ts'
import { modesOffered, shownState } from '../domain.ts'
import type { Beat, DirectoryStore, EndRequest } from '../store.ts'
import {
  allocations,
  beats,
  beginsBefore,
  type KeptServer,
  kicks,
  offers,
  processes,
  servers,
  sweeps,
} from './tables.ts'
import { add, addOrChange, change, removeAll, removeFree } from './writes.ts'

const sweepName = 'servers'

const byText =
  <Row>(textOf: (row: Row) => string) =>
  (a: Row, b: Row) => {
    const one = textOf(a)
    const other = textOf(b)
    return one < other ? -1 : one > other ? 1 : 0
  }

const liveOf = (tx: Tx, ids: readonly string[]) => {
  const rows = rowsIn(tx, allocations)
  return [...new Set(ids)].flatMap((id) => rows.by('live', id))
}

/** Everybody locks in one order: allocations, then beats, then servers. */
async function lockAllocationsOf(tx: Tx, ids: readonly string[]): Promise<void> {
  const sessions = liveOf(tx, ids).map((row) => row.session)
  await rowsIn(tx, allocations).hold(sessions.length > 1 ? sessions.sort() : sessions)
}

/** The sessions lost, by server. */
async function loseSessions(
  tx: Tx,
  ids: readonly string[],
  why: Pick<EndRequest, 'cause' | 'detail' | 'now'>,
): Promise<Map<string, SessionId[]>> {
  const ended = await change(
    rowsIn(tx, allocations),
    liveOf(tx, ids).map((row) => row.session),
    (row) => row.ended_at === null,
    (row) => ({ ...row, ended_at: why.now, cause: why.cause, detail: why.detail, brief: 'null' }),
  )
  const lost = new Map<string, SessionId[]>()
  for (const { server, session } of ended) {
    const sessions = lost.get(server)
    if (sessions === undefined) lost.set(server, [session as SessionId])
    else sessions.push(session as SessionId)
  }
  return lost
}

const removeOf = async <Row>(tx: Tx, table: Table<Row>, id: string) => {
  const rows = rowsIn(tx, table)
  await removeAll(rows, table, rows.by('server', id))
}

async function withdraw(tx: Tx, ids: readonly string[]): Promise<void> {
  for (const id of ids) await removeOf(tx, offers, id)
  for (const id of ids) await removeOf(tx, kicks, id)
}

/** Rows that stand in an index of minutes and are older than `beforeMs`. */
function* agedIn<Row>(tx: Tx, table: Table<Row>, index: string, atOf: (row: Row) => number | null, beforeMs: number) {
  const rows = rowsIn(tx, table)
  for (const minute of rows.valuesIn(index)) {
    if (!beginsBefore(minute, beforeMs)) continue
    for (const row of rows.by(index, minute)) if ((atOf(row) ?? beforeMs) < beforeMs) yield row
  }
}

export const memoryDirectory = (): Omit<
  DirectoryStore,
  'ordersOf' | 'straysOf' | 'markKicksTold' | 'dropKicks' | 'list' | 'read'
> => ({
  async register(tx, server) {
    const { id, instance, key, now } = server
    await lockAllocationsOf(tx, [id])
    const beat = { server: id, instance, key, last_beat_at: now, current_players: 0, load: 0 }
    const own = await addOrChange(tx, beats, beat, (known) => (known.key === key ? beat : null))
    if (own === null) return null
    const row: KeptServer = {
      ...{ id, instance, key, node: null, name: server.name, state: 'ready', address: server.address },
      ...{ ports: { ...server.ports }, game_port: server.gamePort, capacity: server.capacity },
      ...{ reserved: 0, sessions: 0, sessions_max: server.sessionsMax ?? null, region: server.region },
      ...{ modes: [...server.modes], maps: [...server.maps] },
      ...{ labels: { ...server.labels }, registered_at: now, gone_at: null, gone_cause: null, gone_detail: null },
    }
    await addOrChange(tx, servers, row, () => row)
    const lost = await loseSessions(tx, [id], { cause: 'restarted', detail: null, now })
    await withdraw(tx, [id])
    for (const mode of modesOffered(server)) {
      await add(tx, offers, { server: id, mode, region: server.region, free: server.capacity })
    }
    return lost.get(id) ?? []
  },

  async beat(tx, now, said) {
    const rows = rowsIn(tx, beats)
    const heard = new Map<ServerId, KeyId>()
    const apply = async ({ server, key, currentPlayers, load }: Beat) => {
      // Of two beats of one server a statement takes one.
      if (heard.has(server)) return
      const changed = await change(
        rows,
        [server],
        (row) => row.key === key,
        (row) => ({ ...row, last_beat_at: now, current_players: currentPlayers, load }),
      )
      if (changed.length > 0) heard.set(server, key)
    }
    const sorted = said.length > 1 ? [...said].sort(byText((one) => one.server)) : said
    for (const one of sorted) await apply(one)
    return heard
  },

  async registrantOf(tx, server) {
    const row = rowsIn(tx, beats).get(server)
    return row === null ? undefined : row.key
  },

  async drain(tx, server) {
    const drained = await change(
      rowsIn(tx, servers),
      [server],
      (row) => row.state !== 'gone',
      (row) => ({ ...row, state: 'draining' as const }),
    )
    if (drained.length === 0) return false
    await removeOf(tx, offers, server)
    return true
  },

  async end(tx, { servers: ids, cause, detail, now, silentSince, onlyStarting }) {
    if (ids.length === 0) return []
    await lockAllocationsOf(tx, ids)
    const heartbeats = rowsIn(tx, beats)
    const isSilent = (id: string) =>
      (heartbeats.get(id)?.last_beat_at ?? Number.POSITIVE_INFINITY) < (silentSince ?? Number.MAX_SAFE_INTEGER)
    const living: string[] = []
    for (const id of [...new Set(ids)].filter(isSilent).sort()) {
      if ((await heartbeats.hold([id])).length > 0 && isSilent(id)) living.push(id)
    }
    const ended = await change(
      rowsIn(tx, servers),
      living,
      (row) => row.state !== 'gone' && (row.state === 'starting' || onlyStarting !== true),
      (row) => ({
        ...row,
        ...{ state: 'gone' as const, reserved: 0, sessions: 0, gone_at: now, gone_cause: cause, gone_detail: detail },
      }),
    )
    if (ended.length === 0) return []
    const gone = ended.map((row) => row.id)
    for (const id of gone) heartbeats.remove(id)
    const lost = await loseSessions(tx, gone, { cause, detail, now })
    await withdraw(tx, gone)
    return ended.map(({ id, node }) => ({ server: id, node, lost: lost.get(id) ?? [] }))
  },

  async markSwept(tx, now, outageMs) {
    const swept = await addOrChange(
      tx,
      sweeps,
      { name: sweepName, swept_at: now, resumed_at: now },
      ({ name, swept_at, resumed_at }) => ({
        name,
        swept_at: Math.max(swept_at, now),
        resumed_at: swept_at < now - outageMs ? now : resumed_at,
      }),
    )
    return swept?.resumed_at ?? now
  },

  async silentSince(tx, atMs, limit) {
    const silent = rowsIn(tx, beats)
      .all()
      .filter((row) => row.last_beat_at < atMs)
      .map((row) => row.server)
    return silent.sort().slice(0, limit)
  },

  async purge(tx, { endedBefore, kicksBefore, limit }) {
    return (
      removeFree(
        tx,
        allocations,
        agedIn(tx, allocations, 'ended', (row) => row.ended_at, endedBefore),
        limit,
      ) +
      removeFree(
        tx,
        processes,
        agedIn(tx, processes, 'ended', (row) => row.ended_at, endedBefore),
        limit,
      ) +
      removeFree(
        tx,
        servers,
        agedIn(tx, servers, 'ended', (row) => row.gone_at, endedBefore),
        limit,
      ) +
      removeFree(
        tx,
        kicks,
        agedIn(tx, kicks, 'created', (row) => row.created_at, kicksBefore),
        limit,
      )
    )
  },

  async counts(tx) {
    const counts = new Map<'starting' | 'ready' | 'allocated' | 'draining', number>()
    for (const { state, sessions } of rowsIn(tx, servers).by('live', 'all')) {
      const shown = shownState(state, sessions)
      if (shown !== 'gone') counts.set(shown, (counts.get(shown) ?? 0) + 1)
    }
    return counts
  },
})
