import type { PlayerId } from '@muster/protocol'
import type { Tx } from '../../../platform/db.ts'
import { addOrHold, memoryOf, rowsIn, uniqueViolation } from '../../../platform/memory-db/index.ts'
import type { KeptPush, PresenceStore } from '../store.ts'
import { beginsBefore, inboxTable, type PushRow, placeTable, pushKey, pushTable } from './tables.ts'

const readOneByOneMax = 64

/** A player's pushes after `after`, by their numbers. */
function keptAfter(tx: Tx, player: PlayerId, after: number): PushRow[] {
  const last = rowsIn(tx, inboxTable).get(player)?.lastSeq ?? 0
  if (last <= after) return []
  const rows = rowsIn(tx, pushTable)
  // Most are only a little behind.
  if (last - after > readOneByOneMax) {
    const found = rows.by('player', player).filter((row) => row.seq > after)
    return found.sort((one, other) => one.seq - other.seq)
  }
  const found: PushRow[] = []
  for (let seq = after + 1; seq <= last; seq++) {
    const row = rows.get(pushKey(player, seq))
    if (row !== null) found.push(row)
  }
  return found
}

const pushOf = ({ player, seq, event, data }: PushRow): KeptPush => ({ player, seq, event, data })

const byPlayerAndSeq = (one: KeptPush, other: KeptPush) =>
  one.player < other.player ? -1 : one.player > other.player ? 1 : one.seq - other.seq

/** The number of its last push once there are so many more. Its row is held. */
async function countOn(tx: Tx, player: PlayerId, pushes: number): Promise<number> {
  const inboxes = rowsIn(tx, inboxTable)
  const there = await addOrHold(inboxes, player, { player, lastSeq: pushes })
  if (there === null) return pushes
  const lastSeq = there.lastSeq + pushes
  inboxes.put({ player, lastSeq })
  return lastSeq
}

export const memoryPushes: Omit<PresenceStore, 'claim' | 'move' | 'release' | 'placesOf'> = {
  async append(tx, pushes, now, keptMax) {
    const counts = new Map<PlayerId, number>()
    for (const { player } of pushes) counts.set(player, (counts.get(player) ?? 0) + 1)
    const next = new Map<PlayerId, number>()
    const dropped: string[] = []
    for (const player of [...counts.keys()].sort()) {
      const count = counts.get(player) ?? 0
      const last = await countOn(tx, player, count)
      next.set(player, last - count + 1)
      const lastDropped = last - keptMax
      for (let seq = Math.max(1, lastDropped - count + 1); seq <= lastDropped; seq++) dropped.push(pushKey(player, seq))
    }
    const rows = rowsIn(tx, pushTable)
    if (dropped.length > 0) for (const row of await rows.hold(dropped)) rows.remove(pushKey(row.player, row.seq))
    for (const { player, event, data } of pushes) {
      const seq = next.get(player) ?? 1
      next.set(player, seq + 1)
      const added = await rows.insert({ player, seq, event, data: Buffer.from(data), at: now })
      if (!added) throw memoryOf(tx).fail(uniqueViolation('presence_pushes_pkey'))
    }
  },

  async standingsOf(tx, asked) {
    const inboxes = rowsIn(tx, inboxTable)
    return asked.map(({ player, after }) => ({
      last: inboxes.get(player)?.lastSeq ?? 0,
      kept: after === null ? 0 : keptAfter(tx, player, after).length,
    }))
  },

  async pushesAfter(tx, wanted, max) {
    const found = wanted.flatMap(({ player, after }) => keptAfter(tx, player, after).slice(0, max))
    return found.sort(byPlayerAndSeq).map(pushOf)
  },

  async behind(tx, wanted) {
    const inboxes = rowsIn(tx, inboxTable)
    const isBehind = ({ player, after }: (typeof wanted)[number]) => (inboxes.get(player)?.lastSeq ?? after) > after
    return wanted.filter(isBehind).map(({ player }) => player)
  },

  async dropPushes(tx, beforeMs, max) {
    const rows = rowsIn(tx, pushTable)
    const old: PushRow[] = []
    for (const minute of rows.valuesIn('minute')) {
      if (!beginsBefore(minute, beforeMs)) continue
      for (const row of rows.by('minute', minute)) if (row.at < beforeMs) old.push(row)
    }
    if (old.length === 0) return 0
    const keys = old.sort((one, other) => one.at - other.at).map((row) => pushKey(row.player, row.seq))
    const held = rows.holdFree(keys, max)
    for (const row of held) rows.remove(pushKey(row.player, row.seq))
    return held.length
  },

  async personalOf(tx, player) {
    const place = rowsIn(tx, placeTable).get(player)?.place ?? null
    const pushes = keptAfter(tx, player, 0).map(({ event, at }) => ({ event, at }))
    return { place: place === null ? null : { kind: place.kind, id: place.id }, pushes }
  },

  async erase(tx, player) {
    const places = rowsIn(tx, placeTable)
    for (const row of await places.hold([player])) places.remove(row.player)
    const inboxes = rowsIn(tx, inboxTable)
    for (const row of await inboxes.hold([player])) inboxes.remove(row.player)
    const pushes = rowsIn(tx, pushTable)
    const keys = pushes.by('player', player).map((row) => pushKey(row.player, row.seq))
    for (const row of await pushes.hold(keys)) pushes.remove(pushKey(row.player, row.seq))
  },
}
