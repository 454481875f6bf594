import type { PlayStores } from '../../src/compose-play.ts'
import type { Leases } from '../../src/platform/lease.ts'

export interface Planted {
  stores: Required<PlayStores>
  leases: Leases
}

export interface Bug {
  name: string
  /** Found only where friends play. */
  amongFriends?: true
  plant(sound: Planted): Planted
}

type StoreName = keyof Required<PlayStores>

/** A store in which one verb or some are wrong. */
const inStore = <Name extends StoreName>(
  name: string,
  where: Name,
  change: (sound: Required<PlayStores>[Name]) => Partial<Required<PlayStores>[Name]>,
): Bug => ({
  name,
  plant: ({ stores, leases }) => ({
    leases,
    stores: { ...stores, [where]: { ...stores[where], ...change(stores[where]) } },
  }),
})

const inLeases = (name: string, change: (sound: Leases) => Partial<Leases>): Bug => ({
  name,
  plant: ({ stores, leases }) => ({ stores, leases: { ...leases, ...change(leases) } }),
})

/** Mistakes that are easily made, each of which breaks a law. A simulation that does not find them proves nothing. */
export const bugs: readonly Bug[] = [
  inStore('a place is taken over from whoever holds it', 'presence', (sound) => ({
    async claim(tx, claims, now) {
      const there = await sound.claim(tx, claims, now)
      const wanted = new Map(claims.map((claim) => [claim.player, claim.place]))
      await sound.move(
        tx,
        there.map(({ player, place }) => ({ player, from: place, to: wanted.get(player) ?? place })),
        now,
      )
      return [...claims]
    },
  })),
  inStore('places are not given back', 'presence', () => ({ release: async () => undefined })),
  inStore('slots that come late are not counted', 'fleet', () => ({ addSlots: async () => true })),
  inStore('a session claims a slot too few', 'fleet', (sound) => ({
    reserve: (tx, claim, now) => sound.reserve(tx, { ...claim, slots: Math.max(1, claim.slots - 1) }, now),
  })),
  inStore('sessions that are served together claim a slot too few each', 'fleet', (sound) => ({
    reserveTogether: (tx, claim, now) =>
      sound.reserveTogether(tx, { ...claim, slots: Math.max(1, claim.slots - 1) }, now),
  })),
  inStore('slots of those who left stay taken', 'fleet', () => ({ freeSlots: async () => undefined })),
  inStore('an ended session keeps its server', 'fleet', () => ({ release: async () => null })),
  inStore('silent servers are never looked for', 'fleet', () => ({ silentSince: async () => [] })),
  inStore('a session is changed without being locked', 'sessions', (sound) => ({
    lock: async (tx, id) => (await sound.read(tx, [id]))[0] ?? null,
    lockAll: sound.read,
  })),
  inStore('nobody looks for sessions that hints did not tell of', 'sessions', () => ({
    due: async () => [],
    opening: async () => [],
    served: async () => [],
  })),
  inStore('a second session is opened for a match', 'sessions', (sound) => ({
    insert: (tx, session) => sound.insert(tx, { ...session, match: null }),
  })),
  inStore('a match is judged without being locked', 'matchmaking', (sound) => ({
    lockMatch: async (tx, id) => (await sound.matchesOf(tx, [id]))[0] ?? null,
  })),
  inStore('matches are made of those who are gone', 'matchmaking', (sound) => ({
    async takeForMatches(tx, proposals, to) {
      await sound.takeForMatches(tx, proposals, to)
      return proposals.map(({ match }) => match)
    },
  })),
  inStore('an entry is closed without saying why', 'matchmaking', (sound) => ({
    changeEntries: (tx, changes, now, excusedTo) =>
      sound.changeEntries(
        tx,
        changes.map((change) => ({ ...change, reason: null })),
        now,
        excusedTo,
      ),
  })),
  inStore('one of the entries is forgotten when a match falls through', 'matchmaking', (sound) => ({
    async changeEntries(tx, changes, now, excusedTo) {
      await sound.changeEntries(tx, changes.slice(1), now, excusedTo)
      return changes.map(({ entry }) => entry)
    },
  })),
  inStore('offers are never looked at again', 'matchmaking', () => ({ takeDue: async () => [] })),
  inStore('news is read past what is under way', 'matchmaking', (sound) => ({
    settled: async (tx) => String(BigInt(await sound.settled(tx)) + 20n),
  })),
  inStore('who returns is taken for whoever left', 'matchmaking', (sound) => ({
    changeEntries: (tx, changes, now, excusedTo) =>
      sound.changeEntries(
        tx,
        changes.map((change) => (change.to === 'searching' ? { ...change, to: 'closed' } : change)),
        now,
        excusedTo,
      ),
  })),
  inStore('a result moves all of its players but one', 'results', (sound) => ({
    writeStandings: (tx, board, standings) => sound.writeStandings(tx, board, standings.slice(1)),
  })),
  inStore('a rating moves further than its result says', 'results', (sound) => ({
    async writeStandings(tx, board, standings) {
      await sound.writeStandings(
        tx,
        board,
        standings.map((standing) => ({ ...standing, points: standing.points + 1 })),
      )
    },
  })),
  inLeases('whoever held the lease once goes on', () => ({ guard: async () => true })),
  inLeases('the lease is given to everybody', (sound) => ({
    async acquire(name, holder, ttlMs) {
      return (await sound.acquire(name, holder, ttlMs)) ?? 1
    },
    guard: async () => true,
  })),
  {
    ...inStore('a friend comes in without a seat', 'sessions', () => ({ addSeat: async () => undefined })),
    amongFriends: true,
  },
  {
    ...inStore('the server of an ended game is still wanted', 'fleet', (sound) => ({
      processesOf: async (tx, node) => (await sound.processesOf(tx, node)).map((row) => ({ ...row, wanted: true })),
    })),
    amongFriends: true,
  },
]
