import type { EntryId, PlayerId } from '@muster/protocol'
import { addOrHold, rowsIn } from '../../../platform/memory-db/index.ts'
import type { Strikes } from '../pause.ts'
import type { PlayerStore } from '../store.ts'
import { holdTable, type PlayerRow, playerTable } from './tables.ts'

const nothingOf = (player: PlayerId): PlayerRow => ({
  ...{ player, entry: null, changedAt: 0, strikes: 0, struckAt: 0, pausedUntil: 0 },
})

const strikesIn = (row: PlayerRow | null): Strikes | null =>
  row === null || row.strikes === 0 ? null : { count: row.strikes, at: row.struckAt, pausedUntil: row.pausedUntil }

export const memoryPlayers: PlayerStore = {
  async pausesOf(tx, players, now) {
    const rows = rowsIn(tx, playerTable)
    const pauses = new Map<PlayerId, number>()
    for (const player of players) {
      const until = rows.get(player)?.pausedUntil ?? now
      if (until > now) pauses.set(player, until)
    }
    return pauses
  },

  strikesOf: async (tx, player) => strikesIn(rowsIn(tx, playerTable).get(player)),

  async noteLast(tx, closed, now) {
    const rows = rowsIn(tx, playerTable)
    const newest = new Map<PlayerId, EntryId>()
    for (const { player, entry } of closed) if ((newest.get(player) ?? '') < entry) newest.set(player, entry)
    for (const player of [...newest.keys()].sort()) {
      const entry = newest.get(player) as EntryId
      const there = await addOrHold(rows, player, { ...nothingOf(player), entry, changedAt: now })
      if (there === null) continue
      const later = there.entry !== null && there.entry > entry ? there.entry : entry
      rows.put({ ...there, entry: later, changedAt: now })
    }
  },

  async strike(tx, players, strike) {
    const rows = rowsIn(tx, playerTable)
    const held: PlayerRow[] = []
    for (const player of [...new Set(players)].sort()) {
      const fresh = nothingOf(player)
      held.push((await addOrHold(rows, player, fresh)) ?? fresh)
    }
    for (const row of held) {
      const { count, at, pausedUntil } = strike(strikesIn(row))
      rows.put({ ...row, strikes: count, struckAt: at, pausedUntil, changedAt: at })
    }
  },

  lastEntryOf: async (tx, player) => rowsIn(tx, playerTable).get(player)?.entry ?? null,

  async forget(tx, player) {
    const rows = rowsIn(tx, playerTable)
    for (const row of await rows.hold([player])) rows.remove(row.player)
  },

  async dropPlayers(tx, after, max, before) {
    const rows = rowsIn(tx, playerTable)
    const later = rows.all().filter(({ player }) => player > (after ?? ''))
    const walked = later.sort((one, other) => (one.player < other.player ? -1 : 1)).slice(0, max)
    const old = walked.filter((row) => row.changedAt < before && row.struckAt < before && row.pausedUntil < before)
    for (const { player } of rows.holdFree(old.map((row) => row.player))) rows.remove(player)
    return walked.length < max ? null : (walked.at(-1)?.player ?? null)
  },

  holds: async (tx) =>
    rowsIn(tx, holdTable)
      .all()
      .map((hold) => ({ ...hold })),

  async changeHold(tx, mode, change) {
    const rows = rowsIn(tx, holdTable)
    const [before] = await rows.hold([mode])
    const after = change(before === undefined ? null : { ...before })
    if (after === null) {
      if (before !== undefined) rows.remove(mode)
      return
    }
    const kept = { ...after, mode }
    // Whoever found none may meet one that came since, and writes over it.
    if ((await addOrHold(rows, mode, kept)) !== null) rows.put(kept)
  },
}
