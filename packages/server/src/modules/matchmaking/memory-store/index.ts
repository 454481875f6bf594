import type { MatchmakingStore } from '../store.ts'
import { memoryEntries } from './entries.ts'
import { memoryMatches } from './matches.ts'
import { memoryPlayers } from './players.ts'

export {
  type EntryRow,
  entryTable,
  holdTable,
  type MatchRow,
  matchTable,
  type PlayerRow,
  playerTable,
  type SessionRow,
  sessionTable,
} from './tables.ts'

/** What matchmaking keeps, in a database in memory: for tests and the simulator. */
export const memoryMatchmakingStore = (): MatchmakingStore => ({
  ...memoryEntries,
  ...memoryMatches,
  ...memoryPlayers,
})
