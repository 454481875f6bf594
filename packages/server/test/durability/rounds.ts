import { drawsOf } from '../support/draws.ts'
import { type HttpCaller, httpCaller } from '../support/http-caller.ts'
import {
  firstOperatorOf,
  type Home,
  killNow,
  type MusterProcess,
  musterHome,
  processesOf,
} from '../support/muster-process.ts'
import { createLedger } from './ledger.ts'
import { Unknown, writersOf } from './writers.ts'

export interface Rounds {
  rounds: number
  seed: number
  say(line: string): void
}

export interface Report {
  rounds: number
  /** How often Muster alone was killed, and how often with its PostgreSQL. */
  kills: { muster: number; both: number }
  acknowledged: Record<string, number>
  missing: string[]
  /** Of starts after a kill: the longest, in milliseconds. */
  slowestStartMs: number
}

const arenas = ['arena-1', 'arena-2']
const rated = (mode: string) => ({ mode, teams: 2, teamSize: 1, acceptTimeoutS: 0, board: 'arena' })
/** Each round has queues of its own, so that nobody waits in them whom an earlier kill left there. */
const queuesOf = (round: number) => (arena: string) => `${arena}.${round}`
const configFor = (rounds: number) => ({
  modes: Object.fromEntries(
    arenas.map((mode) => [mode, { server: { registered: true }, allocateWaitS: 60, loadingTimeoutS: 86_400 }]),
  ),
  boards: { arena: { rating: { system: 'elo' } } },
  queues: Object.fromEntries(
    Array.from({ length: rounds }, (_, round) => queuesOf(round)).flatMap((queue) => [
      ...arenas.map((mode) => [queue(mode), rated(mode)] as const),
      // So many never join in one round.
      [queue('lonely'), { mode: 'arena-1', teams: 256, acceptTimeoutS: 0 }] as const,
    ]),
  ),
  fleet: { ttlS: 7_200 },
  http: { requestsPerMinute: 1_000_000_000 },
  identity: { accessTokenS: 86_400, registrationsPerMinute: 1_000_000, guestsPerMinute: 1_000_000 },
  matchmaking: { entryIdleS: 0 },
})

/** Kills Muster with -9 under writing clients, round after round, in every other round its PostgreSQL at the same moment,
 *  and looks after each start whether everything is there that was acknowledged. */
export async function killAndLook({ rounds, seed, say }: Rounds): Promise<Report> {
  const draws = drawsOf(seed)
  const ledger = createLedger()
  const report: Report = {
    ...{ rounds: 0, kills: { muster: 0, both: 0 }, acknowledged: {}, missing: [], slowestStartMs: 0 },
  }
  await using home = await musterHome(configFor(rounds))
  let muster = await home.start()
  const keys = await registerArenas(muster)

  for (let round = 0; round < rounds && report.missing.length === 0; round++) {
    ledger.begin()
    const call = httpCaller(muster.url)
    const writing = writersOf(keys).map((writer, at) =>
      writer({ call, ledger, name: `w${round}.${at}`, queue: queuesOf(round) }).catch((error: unknown) => {
        if (!(error instanceof Unknown)) throw error
      }),
    )
    const failed = Promise.all(writing)
    await Promise.race([ledger.reached(20 + draws.below(60), 'results'), failed.then(() => undefined)])
    const both = round % 2 === 1
    await kill(home, muster, both)
    report.kills[both ? 'both' : 'muster']++
    await failed
    const begun = performance.now()
    muster = await home.start()
    report.slowestStartMs = Math.max(report.slowestStartMs, Math.round(performance.now() - begun))
    report.missing.push(...(await ledger.missing(httpCaller(muster.url), 2)))
    report.rounds++
    if ((round + 1) % 10 === 0) say(`${round + 1} rounds: ${told(ledger.counts())}`)
  }
  report.missing.push(...(await ledger.missing(httpCaller(muster.url), 'all')))
  report.acknowledged = ledger.counts()
  await muster.end('SIGTERM')
  return report
}

export const told = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')

async function kill(home: Home, muster: MusterProcess, both: boolean): Promise<void> {
  const servers = both ? (await processesOf(home.data)).filter(({ commandLine }) => /postgres/.test(commandLine)) : []
  if (both && servers.length === 0) throw new Error('No PostgreSQL was found to be killed.')
  const ended = muster.end('SIGKILL')
  for (const { pid } of servers) killNow(pid)
  await ended
}

async function registerArenas(muster: MusterProcess): Promise<Map<string, string>> {
  const call: HttpCaller = httpCaller(muster.url)
  const operator = await firstOperatorOf(muster)
  const { access_token: token } = (await call('POST /auth/login', { body: operator })).body
  const keys = new Map<string, string>()
  for (const id of arenas) {
    const made = await call('POST /keys', { token, body: { name: id, scopes: ['server'] } })
    const key = String(made.body.secret)
    const server = { id, name: id, address: '127.0.0.1', ports: { game: 1 }, capacity: 10_000, modes: [id] }
    const registered = await call('POST /servers', { token: key, body: server })
    if (registered.status !== 201) throw new Error(`The arena was not taken in: ${registered.text}`)
    keys.set(id, key)
  }
  return keys
}
