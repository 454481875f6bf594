import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { memoryPresenceStore } from './memory-store/index.ts'
import { presenceStoreSuite } from './store-suite.ts'

presenceStoreSuite('memory', async () => {
  const { db, untilWaiting } = createMemoryDb()
  return { db, store: memoryPresenceStore(), untilWaiting, [Symbol.asyncDispose]: async () => undefined }
})
