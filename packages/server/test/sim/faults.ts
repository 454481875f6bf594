import type { Random } from '../../src/platform/random.ts'
import type { GameServers, ServerFaults } from './game-servers.ts'
import type { Network } from './network.ts'
import type { SimNode } from './node.ts'
import type { SimSoft } from './soft.ts'
import type { SimTime } from './time.ts'
import { calm, drawWeather, type Weather } from './weather.ts'

export interface FaultsNeeds {
  time: SimTime
  random: Random
  nodes: readonly SimNode[]
  servers(): GameServers
  network(): Network
  soft(): SimSoft
  /** Nobody is held up for long: for worlds in which one waits for all others. */
  brisk: boolean
  /** Those who may be cut off from a node. */
  places: readonly string[]
}

const honest: ServerFaults = { die: 0, neverReady: 0, lie: 0, repeat: 0, abandon: 0 }

/** What goes wrong, and when: drawn by the seed, until all heals. */
export class Faults {
  readonly #needs: FaultsNeeds
  readonly #nature: ServerFaults
  #weather: Weather = calm
  #over = false
  /** How often each kind struck. */
  readonly struck = new Map<string, number>()

  constructor(needs: FaultsNeeds) {
    this.#needs = needs
    const some = (max: number) => (needs.random.fraction() < 0.4 ? 0 : max * needs.random.fraction())
    this.#nature = { die: some(0.15), neverReady: some(0.1), lie: some(0.3), repeat: some(0.5), abandon: some(0.1) }
  }

  readonly weather = (): Weather => this.#weather
  readonly serverFaults = (): ServerFaults => (this.#over ? honest : this.#nature)

  get over(): boolean {
    return this.#over
  }

  start(): void {
    this.#changeWeather()
    this.#strike()
  }

  /** Nothing goes wrong from here on, and what was cut is joined again. */
  heal(): void {
    this.#over = true
    this.#weather = calm
    this.#needs.network().heal()
  }

  #changeWeather(): void {
    const { time, random } = this.#needs
    if (this.#over) return
    // Storms and fine days take turns: in a world where everything fails always, nothing is ever reached.
    const fine = random.fraction() < 0.4
    this.#weather = fine ? calm : drawWeather(random)
    if (this.#needs.brisk) this.#weather = { ...this.#weather, slow: calm.slow, slowMsMax: calm.slowMsMax }
    time.after(5_000 + random.fraction() * (fine ? 20_000 : 40_000), () => this.#changeWeather())
  }

  #strike(): void {
    const { time, random } = this.#needs
    if (this.#over) return
    const blows: [string, () => void][] = [
      ['crash', () => this.#oneNode().crash()],
      ['pause', () => this.#oneNode().life?.pause(random.fraction() ** 2 * (this.#needs.brisk ? 500 : 30_000))],
      ['server death', () => this.#needs.servers().killOne()],
      ['flush', () => this.#needs.soft().flush()],
      ['backup', () => this.#needs.soft().backUp()],
      ['rollback', () => this.#needs.soft().rollBack()],
      ['partition', () => this.#cut()],
      ['all crash', () => this.#crashAll()],
    ]
    const [name, blow] = blows[Math.floor(random.fraction() ** 1.3 * blows.length)] as [string, () => void]
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1)
    blow()
    time.after(1_000 + random.fraction() * 15_000, () => this.#strike())
  }

  #crashAll(): void {
    for (const node of this.#needs.nodes) node.crash()
  }

  #oneNode(): SimNode {
    const { random, nodes } = this.#needs
    return nodes[Math.floor(random.fraction() * nodes.length)] as SimNode
  }

  /** Some of those around lose sight of one node, for a while. */
  #cut(): void {
    const { time, random, places } = this.#needs
    const node = this.#oneNode().name
    const share = random.fraction()
    for (const place of places) if (random.fraction() < share) this.#needs.network().cut(place, node)
    time.after(2_000 + random.fraction() * 30_000, () => this.#needs.network().heal())
  }
}
