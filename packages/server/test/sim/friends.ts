import { gameContracts, type PlayerId, type SessionId, sessionContracts } from '@muster/protocol'
import type { Caller } from '../../src/platform/http/route.ts'
import type { Random } from '../../src/platform/random.ts'
import type { Answer, Ask, Network, Place } from './network.ts'
import type { Raids } from './raids.ts'
import type { SimTime } from './time.ts'

export interface FriendsNeeds {
  time: SimTime
  random: Random
  network: Network
  raids: Raids
  /** Nobody leaves, ends or vanishes any more. */
  calm(): boolean
}

interface Way {
  game_id: string
  session_id: SessionId
  passcode: string
  address: string
  ticket: string
}

const pause = { leastMs: 200, mostMs: 3_000 }
const lobbyMs = { leastMs: 500, mostMs: 8_000 }
const triesMax = 8

/** One who plays among friends, and does not search. */
class Friend implements Place {
  readonly name: string
  readonly player: PlayerId
  readonly #needs: FriendsNeeds
  #requests = 0

  constructor(name: string, needs: FriendsNeeds) {
    this.name = name
    this.player = `player_${name.replaceAll('-', '')}`
    this.#needs = needs
  }

  ask(contract: object, ask: Omit<Ask, 'caller'> = {}): Promise<Answer> {
    const caller: Caller = {
      ...{ kind: 'player', player: this.player, nick: this.name, guest: false, login: 'login_1', operator: false },
    }
    return this.#needs.network.ask(this, contract as never, { caller, ...ask })
  }

  create(waitS: number): Promise<Answer> {
    const key = `${this.name} ${++this.#requests}`
    const body = { mode: 'raid', wait_s: waitS }
    return this.ask(gameContracts.createGame, { body, key, timeoutMs: (waitS + 25) * 1_000 })
  }

  /** Plays until the game is over, coming back with fresh tickets after dropped lines. */
  async play(first: Way): Promise<void> {
    const { time, random, raids } = this.#needs
    let way: Way | null = first
    for (let tries = 0; tries < triesMax && way !== null; tries++) {
      if (!this.#needs.calm() && random.fraction() < 0.2) {
        time.after(random.fraction() * 20_000, () => raids.drop(first.session_id, this.player))
      }
      const played = await raids.connect(way.address, this.player, way.ticket)
      if (played === 'over') return
      if (!this.#needs.calm() && random.fraction() < 0.2) {
        await this.ask(sessionContracts.leaveSession, { params: { id: first.session_id } })
        return
      }
      await time.sleep(pause.leastMs + random.fraction() * pause.mostMs)
      const again = await this.ask(gameContracts.readOwnGame, { timeoutMs: 30_000 })
      if (again.known && again.status === 404) return
      way = again.known && again.status === 200 ? (again.body as unknown as Way) : way
    }
  }
}

/** A host and two who are told the passcode: they open a game, gather, begin, play, and begin anew. */
export class FriendGroup {
  readonly #needs: FriendsNeeds
  readonly #host: Friend
  readonly #others: readonly Friend[]
  readonly players: readonly PlayerId[]
  readonly places: readonly string[]
  resting = false
  #stopped = false
  /** Games that were hosted so far. */
  games = 0

  constructor(number: number, needs: FriendsNeeds) {
    this.#needs = needs
    this.#host = new Friend(`friend-${number}a`, needs)
    this.#others = ['b', 'c'].map((letter) => new Friend(`friend-${number}${letter}`, needs))
    this.players = [this.#host, ...this.#others].map(({ player }) => player)
    this.places = [this.#host, ...this.#others].map(({ name }) => name)
  }

  start(): void {
    this.#needs.time.after(this.#needs.random.fraction() * 3_000, () => void this.#live())
  }

  stop(): void {
    this.#stopped = true
  }

  #sleep({ leastMs, mostMs }: { leastMs: number; mostMs: number }): Promise<void> {
    return this.#needs.time.sleep(leastMs + this.#needs.random.fraction() * (mostMs - leastMs))
  }

  async #live(): Promise<void> {
    while (!this.#stopped) {
      await this.#sleep(pause)
      if (this.resting) continue
      const way = await this.#open()
      if (way === null) continue
      this.games++
      await Promise.all([this.#lead(way), ...this.#others.map((friend) => this.#follow(friend, way))])
    }
  }

  async #open(): Promise<Way | null> {
    const answer = await this.#host.create(this.#needs.random.fraction() < 0.5 ? 0 : 5)
    if (answer.known && answer.status === 201) return answer.body as unknown as Way
    // Whatever came of it: whoever has a game is in it.
    const own = await this.#host.ask(gameContracts.readOwnGame, { timeoutMs: 30_000 })
    return own.known && own.status === 200 ? (own.body as unknown as Way) : null
  }

  /** The host comes, waits for the others, and begins; or ends it, or never comes. */
  async #lead(way: Way): Promise<void> {
    const { random, raids, calm } = this.#needs
    if (!calm() && random.fraction() < 0.1) return void (await this.#sleep({ leastMs: 5_000, mostMs: 40_000 }))
    const playing = this.#host.play(way)
    await this.#sleep(lobbyMs)
    if (!calm() && random.fraction() < 0.1) {
      await this.#host.ask(gameContracts.endGame, { params: { id: way.game_id } })
    } else if (!calm() && random.fraction() < 0.15) {
      const body = { player_id: this.#others[0]?.player }
      await this.#host.ask(gameContracts.kickPlayer, { params: { id: way.game_id }, body })
    }
    raids.begin(way.session_id)
    await playing
  }

  async #follow(friend: Friend, { passcode }: Way): Promise<void> {
    await this.#sleep(pause)
    const joined = await friend.ask(gameContracts.joinGame, { body: { passcode }, timeoutMs: 30_000 })
    if (joined.known && joined.status === 200) await friend.play(joined.body as unknown as Way)
  }
}
