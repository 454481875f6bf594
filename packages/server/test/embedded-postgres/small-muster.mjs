// What is left of Muster when only its database counts: it starts the embedded PostgreSQL, and, if told to, writes rows
// from several connections at once, for ever. What happens it says in lines of JSON: `started`, `refused`, `acknowledged`.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const { modulePath, writers = 0, firstRow = 0, ...options } = JSON.parse(process.argv[2])
const { startEmbeddedPostgres } = await import(pathToFileURL(modulePath).href)
const pg = createRequire(modulePath)('pg')

// Writing to a pipe is synchronous, so nothing that was said is lost when this process is killed.
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)

let nextRow = firstRow

async function writeForEver(connection) {
  for (;;) {
    const client = new pg.Client(connection)
    client.on('error', () => undefined)
    try {
      await client.connect()
      for (;;) {
        const row = nextRow++
        await client.query('INSERT INTO rows VALUES ($1, repeat($2, 200))', [row, 'x'])
        say({ acknowledged: row })
      }
    } catch {
      // The server was killed or has just been started again: the row counts as not written.
      await new Promise((resolve) => setTimeout(resolve, 20))
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

try {
  const log = (line) => process.stderr.write(`${line}\n`)
  const postgres = await startEmbeddedPostgres({ ...options, log })
  process.on('SIGTERM', () => postgres.stop().then(() => process.exit(0)))
  // The test's end of this pipe keeps this process alive, and ends it should the test be killed.
  process.stdin.on('end', () => process.exit(1)).resume()
  if (writers > 0) {
    const client = new pg.Client(postgres.connection)
    await client.connect()
    await client.query('CREATE TABLE IF NOT EXISTS rows (row bigint, filling text)')
    await client.end()
  }
  say({ started: { pid: postgres.pid(), connection: postgres.connection } })
  for (let i = 0; i < writers; i++) writeForEver(postgres.connection)
} catch (error) {
  say({ refused: error.message, name: error.name })
  process.exit(1)
}
