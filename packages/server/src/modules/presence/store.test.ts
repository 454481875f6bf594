import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { memoryPresenceStore } from './memory-store/index.ts'
import { presenceRacesSuite } from './store-races-suite.ts'
import { presenceStoreSuite } from './store-suite.ts'

async function open() {
  const { db, untilWaiting } = createMemoryDb()
  return { db, store: memoryPresenceStore(), untilWaiting, [Symbol.asyncDispose]: async () => undefined }
}

presenceStoreSuite('memory', open)
presenceRacesSuite('memory', open)
