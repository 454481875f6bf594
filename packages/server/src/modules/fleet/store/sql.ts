import type { FleetStore } from '../store.ts'
import { sqlAllocations } from './sql-allocations.ts'
import { sqlDirectory } from './sql-directory.ts'
import { sqlListing } from './sql-listing.ts'
import { sqlOrders } from './sql-orders.ts'
import { sqlProcesses } from './sql-processes.ts'

/** What the fleet keeps, in PostgreSQL. */
export const sqlFleetStore = (): FleetStore => ({
  ...sqlDirectory(),
  ...sqlOrders(),
  ...sqlListing(),
  ...sqlAllocations(),
  ...sqlProcesses(),
})
