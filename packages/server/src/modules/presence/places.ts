import type { PlayerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { type Claim, type Move, type Place, samePlace, sortClaims } from './domain.ts'
import type { PresenceStore } from './store.ts'

/** One place a player, held by a primary key. Every change is part of the caller's transaction. */
export interface Places {
  /** Those refused, with where they already are; the others are at the place claimed, also where they were before. */
  claim(tx: Tx, claims: readonly Claim[]): Promise<Claim[]>
  /** Those that were not at `from`: they stay where they are, the others move. */
  move(tx: Tx, moves: readonly Move[]): Promise<PlayerId[]>
  /** Only those still there leave. */
  release(tx: Tx, from: readonly Claim[]): Promise<void>
  of(players: readonly PlayerId[]): Promise<Map<PlayerId, Place>>
}

export const createPlaces = (db: Db, clock: Clock, store: PresenceStore): Places => ({
  async claim(tx, claims) {
    if (claims.length === 0) return []
    const { asked, contradicting } = sortClaims(claims)
    const there = new Map((await store.claim(tx, asked, clock.now())).map(({ player, place }) => [player, place]))
    const refused = new Map<PlayerId, Place>()
    for (const { player, place } of [...asked, ...contradicting]) {
      const now = there.get(player)
      if (now === undefined) throw new Error(`The claim of ${player} was not answered.`)
      if (!samePlace(now, place)) refused.set(player, now)
    }
    return [...refused].map(([player, place]) => ({ player, place }))
  },
  async move(tx, moves) {
    if (moves.length === 0) return []
    const moved = new Set(await store.move(tx, moves, clock.now()))
    return moves.map(({ player }) => player).filter((player) => !moved.has(player))
  },
  async release(tx, from) {
    if (from.length > 0) await store.release(tx, from)
  },
  async of(players) {
    if (players.length === 0) return new Map()
    const found = await db.once((tx) => store.placesOf(tx, players))
    return new Map(found.map(({ player, place }) => [player, place]))
  },
})
