import { moduleGround } from '../../../test/support/module-ground.ts'
import { identityLinksSuite } from './links-suite.ts'
import { identityMigrations, sqlIdentityStore } from './store/index.ts'
import { identityStoreSuite } from './store-suite.ts'

async function open() {
  const ground = await moduleGround(identityMigrations)
  return { db: ground.db, store: sqlIdentityStore(), [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose]() }
}

identityStoreSuite('PostgreSQL', open)
identityLinksSuite('PostgreSQL', open)
