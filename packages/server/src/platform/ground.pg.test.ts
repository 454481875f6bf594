import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { addressOf } from '../../test/support/running-server.ts'
import { type TestDatabase, testDatabase } from '../../test/test-database.ts'
import { openGround } from './ground.ts'
import { silentLog } from './log.ts'

let database: TestDatabase
let dataDir: string
beforeEach(async () => {
  database = await testDatabase()
  dataDir = await mkdtemp(join(tmpdir(), 'muster-ground-'))
})
afterEach(async () => {
  await database[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

it('refuses a second node on one data folder, also where the database is elsewhere', async () => {
  const databaseUrl = addressOf(database.connection)
  const open = () => openGround({ dataDir, databaseUrl, databaseConnectionsMax: 2, log: silentLog })
  const first = await open()
  await expect(open()).rejects.toThrow(`MUSTER_DATA: ${dataDir} is in use by another Muster`)
  await first[Symbol.asyncDispose]()
  await (await open())[Symbol.asyncDispose]()
})
