import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PoolConfig } from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres/index.ts'

/** The server that every `.pg.test.ts` file shares, each in databases of its own. */
export interface TestServer {
  /** May make databases, and hand them over. */
  superuser: PoolConfig
  /** What the code under test connects as: in the embedded server a role without privileges, as in production. */
  owner: PoolConfig
  ownerName: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestServer
  }
}

/** An embedded PostgreSQL in a folder that goes away, or the one that `MUSTER_TEST_DATABASE_URL` names. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.MUSTER_TEST_DATABASE_URL
  if (given !== undefined) {
    const name = decodeURIComponent(new URL(given).username)
    const role = { connectionString: given }
    project.provide('postgres', { superuser: role, owner: role, ownerName: name })
    return async () => undefined
  }
  const server = await ownServer()
  const { superuser, owner, ownerName } = server
  project.provide('postgres', { superuser, owner, ownerName })
  return async () => server[Symbol.asyncDispose]()
}

/** An embedded PostgreSQL that nobody else has anything to do with, in a folder that goes away with it. */
export async function ownServer(): Promise<TestServer & AsyncDisposable> {
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-test-'))
  const { connection, superuser, stop } = await startEmbeddedPostgres({
    dataDir,
    settings: {
      // The data goes away with the tests: nothing here has to outlive a crash.
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'off',
      max_connections: '200',
    },
  })
  return {
    ...{ superuser, owner: connection, ownerName: connection.user },
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
