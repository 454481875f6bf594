import type { SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import type * as Opener from '../../packages/server/src/modules/sessions/opener.ts'
import type * as Gather from '../../packages/server/src/platform/gather.ts'
import { part } from '../built.ts'
import { optionsOf } from '../options.ts'
import { cpuSecondsOf } from '../processes.ts'
import { printTable, type Row, writeResults } from '../report.ts'
import { type Ground, openGround } from './ground.ts'
import { openSessions } from './sessions.ts'

/**
 * How fast a free server is found among ten thousand, and slots of it are reserved: each reservation a transaction of its
 * own, or several in one, on the disk before it counts. Every slot there is is taken, and more is asked for than there
 * is: afterwards no server holds more than it has room for, and none was refused while there was room. `churn`: as a
 * session is given a server another gives its own back.
 */
const options = optionsOf({ short: { type: 'boolean', default: false }, servers: { type: 'string', default: '10000' } })
const servers = Number(options.servers)
const [capacity, slots] = [6, 2]
const sessionsMost = (servers * capacity) / slots
const tooMany = 500
const connections = 10
const atOnce = 50
const { togetherMax } = await part<typeof Opener>('modules/sessions/opener')
const churned = options.short ? 5_000 : 20_000
const goalPerSecond = 5_000

interface Timed {
  perSecond: number
  p50Ms: number
  p99Ms: number
  cpuUs: number
  postgresCpuUs: number
}

/** Does something so many times, some at once. */
async function time(count: number, one: (at: number) => Promise<void>): Promise<Timed> {
  const tookMs: number[] = []
  let next = 0
  const doNext = async () => {
    for (let at = next++; at < count; at = next++) {
      const beganAt = performance.now()
      await one(at)
      tookMs.push(performance.now() - beganAt)
    }
  }
  const before = cpuSecondsOf(process.pid)
  const began = performance.now()
  await Promise.all(Array.from({ length: atOnce }, doNext))
  const spentMs = performance.now() - began
  const after = cpuSecondsOf(process.pid)
  tookMs.sort((a, b) => a - b)
  const share = (part: number) => tookMs[Math.floor(count * part)]!
  return {
    ...{ perSecond: (count / spentMs) * 1_000, p50Ms: share(0.5), p99Ms: share(0.99) },
    cpuUs: ((after.own - before.own) / count) * 1e6,
    postgresCpuUs: ((after.below - before.below) / count) * 1e6,
  }
}

/** The servers' own sums must be what their sessions hold, and none above what it has. */
async function check({ platform }: Ground, sessions: number): Promise<void> {
  const { rows } = await sql<{ live: number; over: number; wrong: number }>`
    with held as (
      select server, sum(slots)::integer as slots, count(*)::integer as sessions
      from fleet_allocations where ended_at is null group by server)
    select coalesce(sum(h.sessions), 0)::integer as live,
      count(*) filter (where h.slots > s.capacity)::integer as over,
      count(*) filter (where coalesce(h.slots, 0) <> s.reserved or coalesce(h.sessions, 0) <> s.sessions)::integer as wrong
    from fleet_servers s left join held h on h.server = s.id`.execute(platform.kysely)
  const { live, over, wrong } = rows[0]!
  if (over > 0 || wrong > 0 || live !== sessions) {
    throw new Error(`${live} sessions instead of ${sessions}; over capacity: ${over} servers; wrong sums: ${wrong}.`)
  }
}

const rowOf = (work: string, count: number, { perSecond, p50Ms, p99Ms, ...cpu }: Timed, bare: Timed): Row => ({
  ...{ work, count, 'a second': Math.round(perSecond), 'p50, ms': p50Ms, 'p99, ms': p99Ms },
  ...{ 'own CPU, µs': cpu.cpuUs, 'PostgreSQL CPU, µs': cpu.postgresCpuUs },
  ...{ 'bare inserts/s': Math.round(bare.perSecond), 'bare p99, ms': bare.p99Ms },
  ...{ 'of bare': perSecond / bare.perSecond, 'of goal': perSecond / goalPerSecond },
})

await using ground = await openGround(connections)
const { allocator } = ground
const { clock, db, kysely, mintId } = ground.platform
const { gather } = await part<typeof Gather>('platform/gather')
await ground.register(servers, capacity)
await sql`analyze fleet_servers, fleet_beats, fleet_offers`.execute(kysely)
await sql`create table bare (id text collate "C" primary key, slots integer)`.execute(kysely)

/** One row, one commit: the least that any reservation that lasts can do. */
const insertBare = () =>
  db.once((tx) => sql`insert into bare values (${mintId('session')}, 2)`.execute(tx as never)).then(() => undefined)
const live: SessionId[] = []
let refused = 0
const alike = { mode: 'duel', region: null, slots }
const brief = { mode: 'duel' }
const gathered = { delayMs: 0, batchMax: togetherMax, waitingMax: atOnce, refuse: () => new Error('Too many wait.') }
async function reserve(by: typeof db.once): Promise<void> {
  const given = await by((tx) => allocator.reserve(tx, { session: mintId('session'), ...alike, brief }))
  if (given === null) refused++
  else live.push(given.session)
}
/** As sessions that are opened at the same time are given servers; who finds none in that way asks alone. */
const reserveGathered = gather(clock, gathered, async (sessions: SessionId[]) => {
  const claim = { ...alike, sessions: sessions.map((session) => ({ session, brief })) }
  const given = await db.transact((tx) => allocator.reserveTogether(tx, claim))
  return sessions.map((_, at) => given[at]?.session ?? null)
})
async function reserveTogether(): Promise<void> {
  const session = await reserveGathered(mintId('session'))
  if (session === null) return reserveAlone()
  live.push(session)
}
/** One statement is a transaction by itself. */
const reserveAlone = () => reserve(db.once)
async function churn(at: number): Promise<void> {
  await reserveAlone()
  await db.once((tx) => allocator.release(tx, live[at]!, 'over'))
}

const bareCount = options.short ? 5_000 : 20_000
await time(1_000, insertBare)
const bareFirst = await time(bareCount, insertBare)
const filling = options.short ? 6_000 : sessionsMost / 4
const filled = await time(filling, reserveAlone)
await check(ground, filling)
const churning = await time(churned, churn)
await check(ground, filling)
const bareAfter = await time(bareCount, insertBare)
const within = Math.floor((sessionsMost - filling) / 8)
const inTransaction = await time(within, () => reserve(db.transact))
const many = options.short ? 12_000 : sessionsMost / 2
const together = await time(many, reserveTogether)
await check(ground, filling + within + many)
const openings = await openSessions(ground)
const opened = await time(within, () => openings.open().then(() => undefined))
await openings[Symbol.asyncDispose]()
const rest = sessionsMost - filling - 2 * within - many + tooMany
const emptied = await time(rest, reserveAlone)
await check(ground, sessionsMost)
if (refused !== tooMany) throw new Error(`${refused} were refused instead of ${tooMany}.`)

const rows = [
  rowOf('a bare insert of one row', bareCount, bareFirst, bareFirst),
  rowOf('reserve', filling, filled, bareFirst),
  rowOf('reserve, and release another', churned, churning, bareAfter),
  rowOf('reserve within BEGIN and COMMIT', within, inTransaction, bareAfter),
  rowOf(`reserve, ${togetherMax} together at most`, many, together, bareAfter),
  rowOf('open a session of two, and reserve for it', within, opened, bareAfter),
  rowOf(`reserve, to the last slot and ${tooMany} beyond`, rest, emptied, bareAfter),
]
const title = `Reserving ${slots} of ${capacity} slots among ${servers.toLocaleString('en')} servers, ${atOnce} at once`
printTable(`${title}; never over capacity (checked)`, rows)
writeResults('allocation', { allocation: rows })
