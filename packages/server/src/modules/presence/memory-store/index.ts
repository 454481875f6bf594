import type { PresenceStore } from '../store.ts'
import { memoryPlaces } from './places.ts'
import { memoryPushes } from './pushes.ts'

export { type InboxRow, inboxTable, type PlaceRow, type PushRow, placeTable, pushTable } from './tables.ts'

/** What presence keeps, in a database in memory: for tests and the simulator. */
export const memoryPresenceStore = (): PresenceStore => ({ ...memoryPlaces, ...memoryPushes })
