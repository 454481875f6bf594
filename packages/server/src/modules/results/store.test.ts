import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { memoryResultsStore } from './memory-store/store.ts'
import { resultsStoreSuite } from './store-suite.ts'

resultsStoreSuite('memory', async () => {
  const { db, untilWaiting } = createMemoryDb()
  return { db, store: memoryResultsStore(), untilWaiting, [Symbol.asyncDispose]: async () => undefined }
})
