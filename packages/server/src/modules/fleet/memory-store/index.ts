import type { FleetStore } from '../store.ts'
import { memoryAllocations } from './allocations.ts'
import { memoryDirectory } from './directory.ts'
import { memoryListing } from './listing.ts'
import { memoryOrders } from './orders.ts'
import { memoryProcesses } from './processes.ts'

/** What the fleet keeps, in a database in memory: for tests and the simulator. */
export const memoryFleetStore = (): FleetStore => ({
  ...memoryDirectory(),
  ...memoryOrders(),
  ...memoryListing(),
  ...memoryAllocations(),
  ...memoryProcesses(),
})
