import { describe } from 'vitest'
import { type FleetStoreGround, freshFleetStore } from '../../../test/support/fleet-store.ts'
import { allocationSuite } from './store-suites/allocation-suite.ts'
import { directorySuite } from './store-suites/directory-suite.ts'
import { listingSuite } from './store-suites/listing-suite.ts'
import { orderSuite } from './store-suites/order-suite.ts'
import { processSuite } from './store-suites/process-suite.ts'
import { raceSuite } from './store-suites/race-suite.ts'

/** What every store of the fleet keeps to, whatever it is made of. */
export function fleetStoreSuite(name: string, open: () => Promise<FleetStoreGround>): void {
  describe(`fleet store: ${name}`, () => {
    const fresh = freshFleetStore(open)
    directorySuite(fresh)
    listingSuite(fresh)
    allocationSuite(fresh)
    orderSuite(fresh)
    processSuite(fresh)
    raceSuite(fresh)
  })
}
