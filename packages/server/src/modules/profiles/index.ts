import { type PlayerId, Refusal } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Route } from '../../platform/http/route.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import type { ProfilesOptions } from './config.ts'
import { createEraser } from './eraser.ts'
import type { Keeper, Keepers } from './personal.ts'
import { profileRoutes } from './routes.ts'
import { createStorage } from './storage.ts'
import { sqlProfilesStore } from './store.ts'

export type { ProfilesOptions } from './config.ts'
export type { Keeper, Keepers } from './personal.ts'
export { profilesMigrations } from './store.ts'

/** A player as identity knows them. */
export interface Person {
  nick: string
  guest: boolean
  createdAt: number
  username: string | null
}

export interface ProfilesNeeds {
  clock: Clock
  random: Random
  db: Db
  log: Log
  peopleOf(players: PlayerId[]): Promise<Map<PlayerId, Person>>
  /** Answers the nick as it came to be, a guest's with its tag; null where the player is gone. */
  rename(player: PlayerId, nick: string): Promise<string | null>
  /** What other modules keep of a player, in the order of their locks. */
  keepers: Keepers
  /** Guests nobody has played as since, by id, after `after`. Without it, guests are kept for good. */
  staleGuests?(unusedSinceMs: number, after: PlayerId | null, max: number): Promise<PlayerId[]>
}

export interface Profiles {
  routes: Route[]
  start(): void
  stop(): Promise<void>
}

/** Profiles is a player's view of what is kept: name, stored data, the whole of it as one document, and its erasure. */
export function createProfiles(needs: ProfilesNeeds, options: ProfilesOptions): Profiles {
  const { db, clock } = needs
  const store = sqlProfilesStore()
  const storage: Keeper = {
    exportOf: async (player) =>
      (await db.once((tx) => store.list(tx, player))).map(({ collection, key, value }) => ({
        ...{ collection, key },
        value: JSON.parse(value) as unknown,
      })),
    erase: (tx: Tx, player) => store.removeAll(tx, player),
  }
  const keepers = { ...needs.keepers, storage }
  const eraser = createEraser({ ...{ db, clock, store, keepers }, staleGuests: needs.staleGuests ?? noGuests }, options)
  let sweep: Repeating | null = null

  return {
    routes: profileRoutes({
      ...{ clock, rename: needs.rename, keepers, erase: eraser.erase },
      storage: createStorage({ db, clock, store }, options),
      async personOf(player) {
        const person = (await needs.peopleOf([player])).get(player)
        if (person === undefined) throw new Refusal('UNAUTHENTICATED', { detail: 'This player is no more.' })
        return person
      },
    }),
    start() {
      sweep = repeating(needs, 'erasures', options.sweepEveryS * 1_000, eraser.sweep)
    },
    async stop() {
      await sweep?.stop()
    },
  }
}

const noGuests = async () => []
