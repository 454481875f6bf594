import { moduleGround } from '../../../test/support/module-ground.ts'
import { identityMigrations, sqlIdentityStore } from './store/index.ts'
import { identityStoreSuite } from './store-suite.ts'

identityStoreSuite('PostgreSQL', async () => {
  const ground = await moduleGround(identityMigrations)
  return { db: ground.db, store: sqlIdentityStore(), [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose]() }
})
