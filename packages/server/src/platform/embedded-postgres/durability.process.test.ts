import { chmod, chown, mkdir, mkdtemp, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask } from '../../../test/embedded-postgres/ask.ts'
import { type Checkout, checkoutIn } from '../../../test/embedded-postgres/checkout.ts'
import { childMuster } from '../../../test/embedded-postgres/child-muster.ts'
import { removeFolder } from '../../../test/embedded-postgres/remove-folder.ts'
import { pidsSaying } from './processes.ts'

const users: [name: string, uid: number | undefined][] = [['this user', undefined]]
if (process.geteuid?.() === 0) users.push(['an ordinary user', 65_534])

/** Who is killed, in turn; the last two kinds leave Muster alive, and its writers go on by themselves. */
const victims = ['Muster', 'both', 'all', 'PostgreSQL', 'a worker'] as const
const ROUNDS = 15
const ROWS_A_ROUND = 40

let folder: string
let checkout: Checkout

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'muster-pg-')))
  await chmod(folder, 0o755)
  checkout = await checkoutIn(join(folder, 'checkout'))
})
afterAll(() => removeFolder(folder))

const serversIn = (dataDir: string) => pidsSaying(`muster.cluster=${dataDir}/`)

/** All of one server's processes: workers carry the cluster's name in their title, the watcher the server's pid. */
function everybodyOf(pid: number, clusterName: string): number[] {
  return [...pidsSaying(`muster-watcher ${pid}`), pid, ...pidsSaying(`postgres: ${clusterName}:`)]
}

function kill(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // A worker that ended with the one before it.
    }
  }
}

it.each(users)('keeps every acknowledged row, whoever is killed with -9, as %s', async (_name, uid) => {
  const dataDir = join(folder, `data of ${uid ?? 'mine'}`)
  await mkdir(dataDir)
  if (uid !== undefined) await chown(dataDir, uid, uid)
  const acknowledged = new Set<number>()

  for (let round = 0; round < ROUNDS; round++) {
    const options = { dataDir, uid, checkout, writers: 4, firstRow: round * 1_000_000 }
    await using muster = childMuster(options)
    const { pid, connection } = await muster.started
    await muster.moreRows(ROWS_A_ROUND)
    const victim = victims[round % victims.length]
    const [{ cluster_name: name, worker }] = await ask(
      connection,
      `SELECT current_setting('cluster_name') AS cluster_name,
              (SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT%' LIMIT 1) AS worker`,
    )
    if (victim === 'all') {
      // Paused, so that it cannot replace the watcher or the server in between.
      process.kill(muster.pid, 'SIGSTOP')
      kill(everybodyOf(pid, name))
    }
    if (victim === 'both' || victim === 'PostgreSQL') kill([pid])
    if (victim === 'a worker') kill([worker])
    if (victim === 'PostgreSQL' || victim === 'a worker') await muster.moreRows(ROWS_A_ROUND)
    await muster.kill('SIGKILL')
    for (const row of muster.acknowledged) acknowledged.add(row)
  }

  await using last = childMuster({ dataDir, uid, checkout })
  const { connection } = await last.started
  const rows = await ask(connection, 'SELECT row::int FROM rows')
  const kept = new Set(rows.map(({ row }) => row))
  expect(acknowledged.size).toBeGreaterThanOrEqual(ROUNDS * ROWS_A_ROUND)
  expect([...acknowledged].filter((row) => !kept.has(row))).toEqual([])
  expect(kept.size).toBe(rows.length)
  await last.kill('SIGTERM')
  expect(serversIn(dataDir)).toEqual([])
})
