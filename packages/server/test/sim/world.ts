import type { PlayerId } from '@muster/protocol'
import type { Kysely } from 'kysely'
import { type Config, type ConfigInput, readConfig } from '../../src/config.ts'
import { MemoryEngine, type MemoryTx } from '../../src/platform/memory-db/index.ts'
import { memoryLeases } from '../../src/platform/memory-db/leases.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { createSecrets } from '../../src/platform/secrets.ts'
import { Bot, gentle, wild } from './bots.ts'
import { bugs } from './bugs.ts'
import { Faults } from './faults.ts'
import { FriendGroup } from './friends.ts'
import { GameServers } from './game-servers.ts'
import { watchLaws } from './laws/index.ts'
import { Network } from './network.ts'
import { SimNode } from './node.ts'
import { Raids } from './raids.ts'
import { SimSoft } from './soft.ts'
import { memoryStores } from './stores.ts'
import { SimTime } from './time.ts'
import { Trace } from './trace.ts'
import { Twin } from './twin.ts'

export interface WorldOptions {
  seed: number
  /** For how long things go wrong, before all heals. */
  stormMs: number
  nodes?: number
  players?: number
  servers?: number
  /** Groups of friends, each with private games of its own. */
  friends?: number
  /** A bug to be found. */
  bug?: string
  /** Games of minutes, as they are played, instead of seconds, which meet more faults. */
  longGames?: boolean
  /** Ends with the faults, and does not wait until all is well again. */
  unhealed?: boolean
  /** A PostgreSQL with empty tables, which must agree with what is kept in memory. */
  twin?: Kysely<unknown>
}

/** A few who search, and many who play among friends on launched servers. */
export const friendsWorld = { players: 8, servers: 2, friends: 5 } as const

export interface Report {
  seed: number
  violations: readonly string[]
  /** Tells two runs apart that did not go the same way. */
  trace: string
  simulatedMs: number
  crashes: number
  calls: number
  commits: number
  matches: number
  completed: number
  /** Private games that were hosted. */
  raids: number
  faults: Record<string, number>
  /** What PostgreSQL was asked as well. */
  statements: number
}

const startMs = Date.UTC(2026, 0, 1)
/** Law 16: whoever can be matched is, and nothing stays held, within so long after the last fault. */
const recoveryMs = 10_000
/** Longest that a session, a pause or a player's absence may go on after the storm: then all are there to be matched. */
const settlingMs = { short: 90_000, long: 260_000 }
const gameMs = { short: [8_000, 35_000], long: [60_000, 180_000] } as const
const servedLooks = 12
/** A server that falls silent is gone after its TTL; more, where nobody looked for a while before. */
const goneWithinMs = 45_000

const queue = { teams: 2, teamSize: 1, acceptTimeoutS: 6, overdueS: 10 }
const rulesOf = (durationMaxS: number): ConfigInput => ({
  modes: {
    duel: {
      server: { registered: true },
      loadingTimeoutS: 15,
      readyTimeoutS: 8,
      durationMaxS,
      leaveGraceS: 10,
      allocateWaitS: 4,
    },
    team: {
      server: { registered: true },
      loadingTimeoutS: 20,
      readyTimeoutS: 8,
      durationMaxS,
      leaveGraceS: 10,
      playersMin: 2,
      ticketLifeS: 20,
    },
    raid: {
      server: {
        launch: {
          command: ['raid'],
          ports: [9_000, 9_039],
          processesMax: 3,
          readyTimeoutS: 8,
          lingerS: 0,
          stopGraceS: 2,
        },
      },
      private: { playersMax: 3, lobbyS: 30, emptyS: 8 },
      loadingTimeoutS: 15,
      readyTimeoutS: 8,
      durationMaxS,
      leaveGraceS: 10,
      allocateWaitS: 4,
      ticketLifeS: 20,
    },
  },
  boards: { duel: { rating: { system: 'elo' } }, team: { rating: { system: 'glicko2' } } },
  queues: {
    duel: { ...queue, mode: 'duel', board: 'duel', window: { initial: 200, perSecond: 200 } },
    quick: { ...queue, mode: 'duel', board: null, acceptTimeoutS: 0 },
    team: { ...queue, mode: 'team', teamSize: 2, board: 'team', window: { initial: 200, perSecond: 200 } },
    brawl: {
      ...queue,
      mode: 'team',
      teams: 4,
      playersMin: 2,
      fewerAfterS: 4,
      board: 'team',
      window: { initial: 5_000 },
    },
  },
  fleet: {
    heartbeatIntervalS: 8,
    ttlS: 16,
    goneKeptS: 60,
    sweepEveryS: 2,
    lookEveryS: 8,
    launchLookS: 10,
    launchPollMs: 250,
  },
  games: { gamesPerMinute: 1_000, guessesPerMinute: 1_000, guessesPerAddress: 1_000 },
  sessions: { keptDays: 0.01, ticketsPerMinute: 1_000, sweepMs: 1_000 },
  matchmaking: {
    ...{ entryIdleS: 90, endedKeptHours: 0.05, noServerHold: { firstS: 1, maxS: 3 } },
    ...{ passMs: 500, sweepMs: 2_000, catchUpMs: 3_000, leaseTtlMs: 2_000 },
  },
  presence: { pushKeptS: 120, catchUpS: 10 },
})

/** Everything there is in one simulated run: nodes, stores, network, servers, players, faults, and the laws. */
export async function runWorld(options: WorldOptions): Promise<Report> {
  const random = seededRandom(options.seed)
  const time = new SimTime(startMs)
  const violations: string[] = []
  const broken = (what: string) => {
    if (violations.length < 20) violations.push(`${((time.now - startMs) / 1_000).toFixed(3)} s: ${what}`)
  }
  const games = options.longGames === true ? 'long' : 'short'
  const settleMs = settlingMs[games]
  const config: Config = readConfig(rulesOf(games === 'long' ? 220 : 60), 'the simulation', '/')
  const twin = options.twin === undefined ? null : new Twin(options.twin, broken)
  if (twin !== null) time.waitFor(() => twin.quiet())
  const engine = twin ?? new MemoryEngine({ limitWait: (end) => time.after(20_000, end) })
  const trace = new Trace()
  const laws = watchLaws(engine, { config, now: () => time.now, broken })
  engine.onCommit((commit) => trace.note(time.now, commit))

  const bug = options.bug === undefined ? undefined : bugs.find(({ name }) => name === options.bug)
  if (options.bug !== undefined && bug === undefined) throw new Error(`There is no bug called ${options.bug}.`)

  const nodes: SimNode[] = []
  let network: Network
  let servers: GameServers
  let soft: SimSoft
  const bots: Bot[] = []
  const serverCount = options.servers ?? 6
  const playerCount = options.players ?? 40
  const faults = new Faults({
    ...{ time, random, nodes, brisk: twin !== null },
    servers: () => servers,
    network: () => network,
    soft: () => soft,
    places: [
      ...Array.from({ length: serverCount }, (_, at) => `server_${at + 1}`),
      ...Array.from({ length: playerCount }, (_, at) => `bot-${at + 1}`),
    ],
  })
  const ofFriends = seededRandom(options.seed + 0x5eed)
  const raids = new Raids({
    ...{ time, random: ofFriends, network: () => network, gameMs: gameMs[games], broken, faults: faults.serverFaults },
  })
  soft = new SimSoft(time, random, faults.weather)
  const nickOf = (player: PlayerId) => player.slice('player_'.length)
  const shared = {
    ...{ time, random, engine, soft, config, nickOf, weather: faults.weather },
    secrets: createSecrets(Buffer.alloc(32, 7)),
    stores: twin?.stores() ?? memoryStores(),
    enter: twin === null ? undefined : (tx: MemoryTx) => twin.enter(tx),
    leasesOf: memoryLeases,
    programs: { raid: (...given) => raids.program(...given) },
    plant: bug?.plant ?? ((sound) => sound),
    acts: laws.acts,
  } satisfies ConstructorParameters<typeof SimNode>[1]
  for (let at = 1; at <= (options.nodes ?? 3); at++) nodes.push(new SimNode(`node-${at}`, shared))
  network = new Network({ time, random, nodes, weather: faults.weather, broken })
  servers = new GameServers(serverCount, {
    ...{ time, random, network, broken, modes: ['duel', 'team'], capacity: 12, skewMsMax: 300_000 },
    gameMs: gameMs[games],
    reporterOf: (session) => ({ kind: 'report', session }),
    faults: faults.serverFaults,
  })
  const groups: FriendGroup[] = []
  const manners = () => (faults.over ? gentle : wild)
  for (let at = 1; at <= playerCount; at++) {
    const needs = { time, random, network, servers, queues: Object.keys(config.queues), broken }
    bots.push(
      new Bot(at, { ...needs, joined: laws.joined, accepted: laws.accepted, confirmed: laws.confirmed }, manners),
    )
  }

  for (let at = 1; at <= (options.friends ?? 0); at++) {
    groups.push(new FriendGroup(at, { time, random: ofFriends, network, raids, calm: () => faults.over }))
  }

  for (const node of nodes) node.start()
  servers.start()
  for (const bot of bots) bot.start()
  for (const group of groups) group.start()
  faults.start()

  const goOn = () => violations.length === 0
  await time.runUntil(startMs + options.stormMs, goOn)
  if (options.unhealed !== true) await heal()
  for (const bot of bots) bot.stop()
  for (const group of groups) group.stop()
  for (const node of nodes) node.crash()
  await twin?.close()

  return {
    seed: options.seed,
    violations,
    trace: trace.hash,
    simulatedMs: time.now - startMs,
    crashes: nodes.reduce((sum, node) => sum + node.crashes, 0),
    calls: network.calls,
    ...laws.counts(),
    raids: groups.reduce((sum, group) => sum + group.games, 0),
    faults: Object.fromEntries(faults.struck),
    statements: twin?.asked ?? 0,
  }

  /** Law 16: no process outlives its game. */
  function checkNothingRuns(): void {
    for (const { name, machine } of nodes) {
      for (const { server } of machine.living()) broken(`[16] ${server} still runs on ${name}`)
    }
  }

  /** Nothing goes wrong any more: everybody is served, then everybody comes to rest. */
  async function heal(): Promise<void> {
    faults.heal()
    const gone = servers.endOne()
    await time.runUntil(time.now + goneWithinMs, goOn)
    if (goOn()) laws.checkGone(gone)
    await time.runUntil(time.now + settleMs - goneWithinMs, goOn)
    for (let looks = 0; looks < servedLooks && goOn(); looks++) {
      laws.checkServed(recoveryMs)
      await time.runUntil(time.now + recoveryMs / 4, goOn)
    }
    for (const bot of bots) bot.resting = true
    for (const group of groups) group.resting = true
    await time.runUntil(time.now + settleMs, goOn)
    if (goOn()) laws.checkNothingHeld()
    if (goOn()) checkNothingRuns()
  }
}
