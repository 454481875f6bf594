import type { PlayerId } from '@muster/protocol'
import type { Place, PlacesNeeds } from '../../src/modules/sessions/needs.ts'
import type { Tx } from '../../src/platform/db.ts'

/** One place a player, in memory. */
export function memoryPlaces({ note }: { note(tx: Tx, undo: () => void): void }) {
  const kept = new Map<PlayerId, Place>()
  const put = (tx: Tx, player: PlayerId, place: Place | null) => {
    const before = kept.get(player)
    const set = (value: Place | null | undefined) => (value ? kept.set(player, value) : kept.delete(player))
    set(place)
    note(tx, () => set(before))
  }
  const isAt = (player: PlayerId, { kind, id }: Place) => kept.get(player)?.kind === kind && kept.get(player)?.id === id

  const places: PlacesNeeds = {
    async claim(tx, claims) {
      const refused: { player: PlayerId; place: Place }[] = []
      for (const { player, place } of claims) {
        const held = kept.get(player)
        if (held !== undefined && !isAt(player, place)) refused.push({ player, place: held })
        else put(tx, player, place)
      }
      return refused
    },
    async move(tx, moves) {
      const absent: PlayerId[] = []
      for (const { player, from, to } of moves) {
        if (isAt(player, from)) put(tx, player, to)
        else absent.push(player)
      }
      return absent
    },
    async release(tx, from) {
      for (const { player, place } of from) if (isAt(player, place)) put(tx, player, null)
    },
  }

  return {
    places,
    put: (player: PlayerId, place: Place) => void kept.set(player, place),
    /** `entry e1`, `session session_…`, or nowhere. */
    of: (player: PlayerId): string => {
      const place = kept.get(player)
      return place === undefined ? 'nowhere' : `${place.kind} ${place.id}`
    },
  }
}
