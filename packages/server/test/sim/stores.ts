import type { PlayStores } from '../../src/compose-play.ts'
import { memoryFleetStore } from '../../src/modules/fleet/memory-store/index.ts'
import { memoryGamesStore } from '../../src/modules/games/memory-store/index.ts'
import { memoryMatchmakingStore } from '../../src/modules/matchmaking/memory-store/index.ts'
import { memoryPresenceStore } from '../../src/modules/presence/memory-store/index.ts'
import { memoryResultsStore } from '../../src/modules/results/memory-store/store.ts'
import { memorySessionStore } from '../../src/modules/sessions/memory-store/store.ts'

/** What the core keeps, in memory. */
export const memoryStores = (): Required<PlayStores> => ({
  presence: memoryPresenceStore(),
  fleet: memoryFleetStore(),
  sessions: memorySessionStore(),
  games: memoryGamesStore(),
  results: memoryResultsStore(),
  matchmaking: memoryMatchmakingStore(),
})
