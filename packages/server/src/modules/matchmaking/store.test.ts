import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { memoryMatchmakingStore } from './memory-store/index.ts'
import { matchmakingHeardSuite } from './store-heard-suite.ts'
import { matchmakingRacesSuite } from './store-races-suite.ts'
import { matchmakingStoreSuite } from './store-suite.ts'

async function open() {
  const { db, untilWaiting } = createMemoryDb()
  return { db, store: memoryMatchmakingStore(), untilWaiting, [Symbol.asyncDispose]: async () => undefined }
}

matchmakingStoreSuite('memory', open)
matchmakingHeardSuite('memory', open)
matchmakingRacesSuite('memory', open)
