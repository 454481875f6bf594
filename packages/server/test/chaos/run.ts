import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkHistory } from './checks/laws.ts'
import { heldStill, readTables, tablesText, waitingTooLong } from './checks/tables.ts'
import type { RunFolder } from './cluster/folder.ts'
import { type Cluster, openCluster } from './cluster/index.ts'
import { pause, until } from './cluster/until.ts'
import { deckOf } from './faults/deck.ts'
import { watchRecoveries } from './faults/recovery.ts'
import type { Report } from './report.ts'
import { seededChance } from './world/chance.ts'
import { chaosConfig } from './world/config.ts'
import { openCrowd } from './world/crowd.ts'
import { gameServerProgram, gameServers } from './world/game-servers.ts'
import { type Happening, historian, readHistory } from './world/history.ts'

export interface ChaosOptions {
  minutes: number
  seed: number
  bots: number
  say(line: string): void
}

const nodesCount = 3
const serversCount = 6
const botProcesses = 2
const faultEveryMs = 10_000
const warmUpMs = 60_000
const warmMatches = 5
/** Whoever can be matched is matched within ten seconds; on real and busy processes, within twice that. */
const matchedWithinMs = 20_000
const quietWithinMs = 180_000
const freeWithinMs = 60_000
/** A run with fewer matches, or in which fewer calls went unanswered, has shown nothing. */
const matchesPerMinuteMin = 20
const unknownPerFaultMin = 0.5

export async function runChaos(run: RunFolder, { minutes, seed, bots, say }: ChaosOptions): Promise<Report> {
  const chance = seededChance(seed)
  const note = historian(run.path, 'chaos')
  const violations: string[] = []
  const broken = (law: number, what: string) => void violations.push(`[${law}] ${what}`)
  const shortcomings: string[] = []

  await using cluster = await openCluster(run, nodesCount, (node) => chaosConfig(node, gameServerProgram, run.path))
  const database = cluster.postgres.urlAt(cluster.postgres.port)
  const stores = [
    cluster.postgres.described,
    cluster.redis?.described ?? 'no redis-server is installed: Redis was not hurt',
  ]
  say(`${nodesCount} nodes on ${stores.join(' and ')}, behind ${cluster.balancer.url}.`)
  const key = await cluster.muster('keys', 'create', '--name', 'arenas', '--scope', 'server')
  if (key.code !== 0) throw new Error(`No key for the game servers: ${key.stderr}`)
  const servers = gameServers(run, serversCount, cluster.balancer.url, key.stdout.trim())
  await Promise.all(servers.registered.map((server) => server.start()))

  const watch = watchRecoveries()
  const matches = new Set<string>()
  const crowd = await openCrowd(run, {
    ...{ bots, processes: botProcesses, seed, url: cluster.balancer.url },
    hear(happening: Happening) {
      watch.hear(happening)
      if (happening.what === 'confirmed') matches.add(happening.match)
    },
  })
  await until('players find matches before anything goes wrong', () => matches.size >= warmMatches, warmUpMs)

  const deck = deckOf({ cluster, servers, chance })
  const endsAt = performance.now() + minutes * 60_000
  let faults = 0
  for (let next = performance.now(); next < endsAt - faultEveryMs / 2; ) {
    const fault = await deck.draw()
    say(
      `${String(Math.round((endsAt - performance.now()) / 1_000)).padStart(4)} s left, ${matches.size} matches: ${fault.kind} (${fault.on})`,
    )
    note({ what: 'fault', kind: fault.kind, on: fault.on })
    if (!crowd.isWhole()) throw new Error('The players have ended; see the logs of the bots.')
    await fault.begin()
    await pause(fault.lastsMs)
    await fault.heal()
    note({ what: 'healed', kind: fault.kind, on: fault.on })
    watch.healed(fault.kind, fault.on)
    faults++
    for (const { node } of cluster.nodes) if (node.pid() === 0) broken(16, `${node.name} ended by itself`)
    next = Math.max(next + faultEveryMs, performance.now())
    await pause(next - performance.now())
  }

  say('Everything is healed.')
  await checkServed(cluster, database, broken)
  // In the middle of play: what is under way is no violation.
  await checkTables(cluster, violations)
  say('The players stop searching.')
  if (!(await crowd.quiet(quietWithinMs))) broken(16, `players were still somewhere after ${quietWithinMs / 1_000} s`)
  await until('nothing is held', async () => (await heldStill(database)).length === 0, freeWithinMs, 1_000).catch(
    () => undefined,
  )
  for (const what of await heldStill(database)) broken(16, `${what} is held still, when nobody plays any more`)
  if (!(await crowd.tryOldLogins(30_000))) broken(14, 'the ended logins could not be tried')

  const fsck = await checkTables(cluster, violations)
  await writeFile(join(run.path, 'tables.jsonl'), await tablesText(database))
  const history = readHistory(run.path)
  const tables = await readTables(database)
  checkHistory(history, tables, broken)

  const sessions: Record<string, number> = {}
  for (const { state } of tables.sessions.values()) sessions[state] = (sessions[state] ?? 0) + 1
  const unknown = history.filter((one) => one.what === 'call' && one.outcome === 'unknown').length
  if (matches.size < minutes * matchesPerMinuteMin)
    shortcomings.push(`Only ${matches.size} matches were made: this shows nothing.`)
  if (faults === 0 || unknown < faults * unknownPerFaultMin) {
    shortcomings.push(`Only ${unknown} calls went unanswered in ${faults} faults: this hurt nothing.`)
  }
  return {
    ...{ seed, minutes, stores, history, sessions, violations, shortcomings, fsck },
    ...{ recoveries: watch.recoveries, results: tables.winners.size },
  }
}

/** Law 16: once all is healed, whoever can be matched is. */
async function checkServed(
  cluster: Cluster,
  database: string,
  broken: (law: number, what: string) => void,
): Promise<void> {
  await cluster.allReady(30_000)
  const healedAt = Date.now()
  while (Date.now() - healedAt < matchedWithinMs + 5_000) {
    await pause(1_000)
    for (const who of await waitingTooLong(database, healedAt, matchedWithinMs)) {
      broken(16, `not matched within ${matchedWithinMs / 1_000} s in ${who}`)
    }
  }
}

async function checkTables(cluster: Cluster, violations: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.muster('fsck')
  if (code !== 0) violations.push(`muster fsck ended with ${code}: ${stderr}${stdout}`)
  return stdout
}
