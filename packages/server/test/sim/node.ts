import type { Contract, PlayerId } from '@muster/protocol'
import { composePlay, type PlayStores } from '../../src/compose-play.ts'
import type { Config } from '../../src/config.ts'
import type { Machine } from '../../src/modules/fleet/index.ts'
import { type Clock, syncClock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'
import { createLimits } from '../../src/platform/http/limits.ts'
import type { Route } from '../../src/platform/http/route.ts'
import { idMint } from '../../src/platform/ids.ts'
import type { Leases } from '../../src/platform/lease.ts'
import { silentLog } from '../../src/platform/log.ts'
import { type MemoryEngine, type MemoryTx, memoryDb, memoryOf } from '../../src/platform/memory-db/index.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { type Random, seededRandom } from '../../src/platform/random.ts'
import type { Secrets } from '../../src/platform/secrets.ts'
import { createWakes } from '../../src/platform/wakes.ts'
import { type Program, type SimulatedMachine, simulatedMachine } from '../support/simulated-machine.ts'
import type { Planted } from './bugs.ts'
import { Life } from './life.ts'
import type { SimSoft } from './soft.ts'
import type { SimTime } from './time.ts'
import type { Weather } from './weather.ts'

/** What the nodes of one world share. */
export interface Shared {
  time: SimTime
  random: Random
  weather(): Weather
  engine: MemoryEngine
  soft: SimSoft
  secrets: Secrets
  config: Config
  stores: Required<PlayStores>
  leasesOf(db: Db, clock: Clock): Leases
  nickOf(player: PlayerId): string
  /** What its machines can start. */
  programs: Readonly<Record<string, Program>>
  /** Changes what a node is made of, to plant a bug. */
  plant(sound: Planted): Planted
  /** Where transactions wait for each other before they begin. */
  enter?(tx: MemoryTx): Promise<void>
  /** The node is about to act as the holder of a lease. */
  acts(tx: MemoryTx, holder: string, name: string, fence: number): void
}

const personOf = (nick: string) => ({ nick, guest: false, createdAt: 0, username: nick })

type Play = ReturnType<typeof composePlay>

/** One process of Muster on one machine, which dies and is started again. */
export class SimNode {
  readonly name: string
  readonly #shared: Shared
  readonly #random: Random
  /** Its processes go on while Muster is dead. */
  readonly machine: SimulatedMachine
  #life: Life | null = null
  #routes = new Map<Contract, Route>()
  #play: Play | null = null
  #starts = 0
  /** Calls that wait for its answer: they learn at once that it died. */
  readonly callers = new Set<() => void>()

  constructor(name: string, shared: Shared) {
    this.name = name
    this.#shared = shared
    this.#random = seededRandom(Math.floor(shared.random.fraction() * 2 ** 32))
    const { time, programs } = shared
    this.machine = simulatedMachine({
      clock: { now: () => time.now, after: (ms, run) => time.after(ms, run) },
      programs,
      folders: ['/'],
    })
  }

  get life(): Life | null {
    return this.#life
  }

  get play(): Play | null {
    return this.#play
  }

  get crashes(): number {
    return Math.max(0, this.#starts - 1)
  }

  routeOf(contract: Contract): Route | undefined {
    return this.#routes.get(contract)
  }

  crash(): void {
    this.#life?.end()
  }

  /** Starts it, unless it runs. A start that fails, or in which it dies, is tried again as a supervisor would. */
  start(): void {
    if (this.#life !== null) return
    const { time } = this.#shared
    const attached = this.machine.attach(() => life.step(0))
    const life = new Life(time, this.#random, this.#shared.weather, () => {
      attached.cut()
      this.#life = null
      this.#play = null
      this.#routes = new Map()
      for (const tell of [...this.callers]) tell()
      this.callers.clear()
      time.after(500 + this.#random.fraction() * 10_000, () => this.start())
    })
    this.#life = life
    this.#starts++
    void this.#run(life, attached).catch(() => life.end())
  }

  async #run(life: Life, attached: Machine): Promise<void> {
    const { time, engine, soft, secrets, config, stores, leasesOf, nickOf, plant } = this.#shared
    const random = this.#random
    const beginsAt = random.fraction() * 1e9 - time.now
    const machine = { monotonicMs: () => time.now + beginsAt, after: life.after }
    const { enter } = this.#shared
    const interrupt = (point: 'begin' | 'commit' | 'committed', tx: MemoryTx) =>
      point === 'begin' && enter !== undefined
        ? enter(tx).then(() => life.transaction(point, tx))
        : life.transaction(point, tx)
    const clock = await syncClock(async () => {
      await life.step(random.fraction() * 2)
      return time.now
    }, machine)
    const db = memoryDb(engine, { clock, random, interrupt })
    const ownSoft = soft.for(life)
    const instance = `${this.name}-${this.#starts}`
    const log = silentLog
    const wakes = await createWakes({ clock, soft: ownSoft, log, node: instance })
    const planted = plant({ stores, leases: leasesOf(db, clock) })
    const leases: Leases = {
      ...planted.leases,
      guard: (tx, name, fence) => {
        this.#shared.acts(memoryOf(tx), instance, name, fence)
        return planted.leases.guard(tx, name, fence)
      },
    }
    const own = mapStores(planted.stores, (store) => interruptible(life, store))
    const draw = (count: number) => Uint8Array.from({ length: count }, () => Math.floor(random.fraction() * 256))
    const mintId = idMint(clock, draw)
    const play = composePlay(
      {
        ...{ clock, random, mintId, db, soft: ownSoft, wakes, secrets, log },
        limits: createLimits(ownSoft, clock.now),
        leases: interruptible(life, leases),
        metrics: createMetrics({ process: false }),
      },
      config,
      {
        node: this.name,
        instance,
        dataDir: '/nowhere',
        apiUrl: () => 'http://127.0.0.1:1',
        environment: {},
        machine: attached,
        stores: own,
        draw,
        people: {
          peopleOf: async (players) => new Map(players.map((player) => [player, personOf(nickOf(player))])),
          verifyAccess: async () => null,
          onLoginEnded: () => undefined,
          isLive: () => true,
        },
      },
    )
    const modules = [play.presence, play.fleet, play.sessions, play.results, play.matchmaking, play.games]
    for (const module of modules) await module.start()
    if (!life.alive) return
    this.#play = play
    this.#routes = new Map(modules.flatMap(({ routes }) => routes).map((route) => [route.contract, route]))
  }
}

const mapStores = (stores: Required<PlayStores>, change: <Store extends object>(store: Store) => Store) => ({
  presence: change(stores.presence),
  fleet: change(stores.fleet),
  sessions: change(stores.sessions),
  results: change(stores.results),
  matchmaking: change(stores.matchmaking),
  games: change(stores.games),
})

type Verb = (...given: unknown[]) => Promise<unknown>

/** Lets a life be interrupted before and after each verb of a store. */
function interruptible<Store extends object>(life: Life, store: Store): Store {
  const made = Object.entries(store).map(([name, verb]: [string, Verb]) => {
    const through: Verb = async (...given) => {
      const tx = txIn(given[0])
      if (tx === null) return verb(...given)
      const before = life.statement(tx)
      if (before !== undefined) await before
      const answer = await verb(...given)
      const after = life.statement(tx)
      if (after !== undefined) await after
      return answer
    }
    return [name, through] as const
  })
  return Object.fromEntries(made) as Store
}

const txIn = (given: unknown): MemoryTx | null =>
  typeof given === 'object' && given !== null && 'engine' in given ? memoryOf(given as never) : null
