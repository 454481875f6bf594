import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import type { TestServer } from './postgres-setup.ts'

/** A database of one's own, empty or a copy of a template; it goes away with its connections when disposed of. */
export interface TestDatabase extends AsyncDisposable {
  connection: pg.PoolConfig
}

export async function testDatabase({
  template,
  server = inject('postgres'),
}: {
  template?: string
  server?: TestServer
} = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`
  await createDatabase(name, template, server)
  return {
    connection: connectionTo(name, server),
    async [Symbol.asyncDispose]() {
      await asSuperuser((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`), server)
    },
  }
}

/**
 * Makes a template once for all test files, however many ask at the same time: `prepare` fills it (and closes its
 * connections), and `testDatabase({ template })` copies it. `name` must change with what `prepare` does.
 */
export async function prepareTemplate(name: string, prepare: (connection: pg.PoolConfig) => Promise<void>) {
  await asSuperuser(async (client) => {
    // Held until this connection ends, and it makes the others wait.
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name])
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (rowCount !== 0) return
    const draft = `${name}_${randomBytes(4).toString('hex')}`
    await createDatabase(draft)
    await prepare(connectionTo(draft))
    await client.query(`ALTER DATABASE ${pg.escapeIdentifier(draft)} RENAME TO ${pg.escapeIdentifier(name)}`)
  })
}

async function createDatabase(name: string, template = 'template1', server = inject('postgres')): Promise<void> {
  const [database, owner, source] = [name, server.ownerName, template].map(pg.escapeIdentifier)
  const statement = `CREATE DATABASE ${database} OWNER ${owner} TEMPLATE ${source}`
  await asSuperuser((client) => client.query(statement), server)
}

async function asSuperuser(run: (client: pg.Client) => Promise<unknown>, server = inject('postgres')): Promise<void> {
  const client = new pg.Client(server.superuser)
  await client.connect()
  try {
    await run(client)
  } finally {
    await client.end()
  }
}

function connectionTo(database: string, { owner }: TestServer = inject('postgres')): pg.PoolConfig {
  if (owner.connectionString === undefined) return { ...owner, database }
  const url = new URL(owner.connectionString)
  url.pathname = `/${database}`
  return { connectionString: url.href }
}
