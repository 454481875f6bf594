import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { memorySessionStore } from './memory-store/store.ts'
import { sessionStoreSuite } from './store-suite.ts'

sessionStoreSuite('memory', async () => {
  const { db, untilWaiting } = createMemoryDb()
  return { db, store: memorySessionStore(), untilWaiting, [Symbol.asyncDispose]: async () => undefined }
})
