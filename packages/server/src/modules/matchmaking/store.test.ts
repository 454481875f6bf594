import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { memoryMatchmakingStore } from './memory-store/index.ts'
import { matchmakingStoreSuite } from './store-suite.ts'

matchmakingStoreSuite('memory', async () => {
  const { db, untilWaiting } = createMemoryDb()
  return { db, store: memoryMatchmakingStore(), untilWaiting, [Symbol.asyncDispose]: async () => undefined }
})
