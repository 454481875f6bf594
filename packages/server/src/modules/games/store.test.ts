import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { memoryGamesStore } from './memory-store/index.ts'
import { gamesStoreSuite } from './store-suite.ts'

gamesStoreSuite('memory', async () => {
  const { db } = createMemoryDb()
  return { db, store: memoryGamesStore(), [Symbol.asyncDispose]: async () => undefined }
})
