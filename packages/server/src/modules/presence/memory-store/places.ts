import type { PlayerId } from '@muster/protocol'
import { addOrHold, changedTwice, memoryOf, rowsIn } from '../../../platform/memory-db/index.ts'
import { type Claim, samePlace } from '../domain.ts'
import type { PresenceStore } from '../store.ts'
import { type PlaceRow, placeTable } from './tables.ts'

const byPlayer = (one: { player: PlayerId }, other: { player: PlayerId }) =>
  one.player < other.player ? -1 : one.player > other.player ? 1 : 0

const claimOf = ({ player, place }: PlaceRow): Claim => ({ player, place: { kind: place.kind, id: place.id } })

export const memoryPlaces: Pick<PresenceStore, 'claim' | 'move' | 'release' | 'placesOf'> = {
  async claim(tx, claims, now) {
    const rows = rowsIn(tx, placeTable)
    const answered: Claim[] = []
    for (const { player, place } of [...claims].sort(byPlayer)) {
      if (answered.at(-1)?.player === player) throw memoryOf(tx).fail(changedTwice())
      const row: PlaceRow = { player, place: { kind: place.kind, id: place.id }, since: now }
      answered.push(claimOf((await addOrHold(rows, player, row)) ?? row))
    }
    return answered
  },

  async move(tx, moves, now) {
    const rows = rowsIn(tx, placeTable)
    const isAt = (player: PlayerId, from: Claim['place']) => {
      const row = rows.get(player)
      return row !== null && samePlace(row.place, from)
    }
    const asked = new Map<PlayerId, (typeof moves)[number]>()
    for (const move of moves) {
      if (isAt(move.player, move.from) && !asked.has(move.player)) asked.set(move.player, move)
    }
    const moved: PlayerId[] = []
    for (const { player, place } of await rows.hold([...asked.keys()].sort())) {
      const move = asked.get(player)
      if (move === undefined || !samePlace(place, move.from)) continue
      rows.put({ player, place: { kind: move.to.kind, id: move.to.id }, since: now })
      moved.push(player)
    }
    return moved
  },

  async release(tx, claims) {
    const rows = rowsIn(tx, placeTable)
    const asked = new Map<PlayerId, Claim['place']>()
    for (const { player, place } of claims) {
      const row = rows.get(player)
      if (row !== null && samePlace(row.place, place)) asked.set(player, place)
    }
    for (const { player, place } of await rows.hold([...asked.keys()].sort())) {
      const left = asked.get(player)
      if (left !== undefined && samePlace(place, left)) rows.remove(player)
    }
  },

  async placesOf(tx, players) {
    const rows = rowsIn(tx, placeTable)
    const found: Claim[] = []
    for (const player of new Set(players)) {
      const row = rows.get(player)
      if (row !== null) found.push(claimOf(row))
    }
    return found
  },
}
